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

/** Goes on with other keys in every round, so that no row is still remembered when its key comes again. */
export function createColdLoad(
  service: Service,
  { keys, seconds }: { keys: number; seconds: number },
): () => Promise<Throughput> {
  let bodies = seededQuestions(keys)
  return async () => {
    const throughput = await loadFor(seconds, verifyTarget(service, bodies))
    const { requests } = throughput
    if (requests > keys) throw new Error(`${requests} requests: ${keys} keys are not enough`)
    bodies = [...bodies.slice(requests), ...bodies.slice(0, requests)]
    return throughput
  }
}
