import { type CreateKey, createClient } from '@keysmith/client'
import { loadFor, type Target, type Throughput } from './load.ts'
import { KEY, seededQuestions, toQuestion } from './seed.ts'
import type { Service } from './service.ts'

/** A load of verifications; every one must find the key valid. */
export function verifyTarget({ pid, baseUrl, token }: Service, bodies: string[]): Target {
  const expect = { status: 200, text: '"valid":true' }
  return { pid, url: `${baseUrl}/v1/verify`, token, bodies, expect }
}

/** A load of creates, each of them committed before its answer. */
export function createTarget({ pid, baseUrl, token }: Service): Target {
  const bodies = [JSON.stringify(KEY)]
  return {
    pid,
    url: `${baseUrl}/v1/keys`,
    token,
    bodies,
    expect: { status: 201, text: '"secret":' },
  }
}

/** A question about a new key. */
export async function newQuestion(
  service: Service,
  { cost, ...limits }: Pick<CreateKey, 'rateLimits' | 'quotas'> & { cost?: number } = {},
): Promise<string> {
  const { secret } = await createClient(service).keys.create({ ...KEY, ...limits })
  return toQuestion(secret, cost === undefined ? {} : { cost: { credits: cost } })
}

/** More bodies are prepared than a round before asked for: each is built before the clock starts. */
const SPARE = 3
/** The last uses of so many keys are written within a second. */
const SETTLE_MS = 1200
const FEWEST_PER_SECOND = 10_000

/** Goes on with other keys in every round, so that no row is still remembered when its key comes again. */
export function createColdLoad(
  service: Service,
  { keys, seconds }: { keys: number; seconds: number },
): () => Promise<Throughput> {
  const all = seededQuestions(keys)
  let first = 0
  let size = Math.min(keys, FEWEST_PER_SECOND * seconds * SPARE)
  return async () => {
    const bodies = [...all.slice(first), ...all.slice(0, first)].slice(0, size)
    const throughput = await loadFor(seconds, {
      ...verifyTarget(service, bodies),
      settleMs: SETTLE_MS,
    })
    const { requests } = throughput
    if (requests > size) throw new Error(`${requests} requests: ${size} keys are not enough`)
    first = (first + requests) % keys
    size = Math.min(keys, Math.max(size, requests * SPARE))
    return throughput
  }
}
