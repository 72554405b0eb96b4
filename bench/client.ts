import { createClient } from '@keysmith/client'
import { leases } from '@keysmith/client/leases'
import type { Effort, Result } from './result.ts'
import { interleave, median, spreadOf } from './rounds.ts'
import { type Service, startService } from './service.ts'

const QUESTION = { permissions: ['jobs:write'], model: 'small-1', ip: '192.0.2.7' }
const CALLS = 300
const ROUNDS = { quick: 9, full: 45 }

/** One verification through the client against a bare `fetch` of the same request. */
export async function measureClient(effort: Effort): Promise<Result> {
  const service = await startService()
  try {
    return await measure(service, ROUNDS[effort])
  } finally {
    await service.stop()
  }
}

async function measure(service: Service, rounds: number): Promise<Result> {
  const { verify, keys } = createClient(service)
  const leased = createClient({ ...service, verify: { lease: leases() } }).verify
  const { secret } = await keys.create({ name: 'bench', permissions: ['jobs:*'] })
  const bare = await recordRequest(service, secret)

  const variants = {
    fetch: () => timeOfCall(bare),
    client: () => timeOfCall(() => verify(secret, QUESTION)),
    leased: () => timeOfCall(() => leased(secret, QUESTION)),
  }
  await interleave(10, variants)
  const times = await interleave(rounds, variants)
  return {
    method: `One verification after the other over loopback, ${CALLS} per round, interleaved with a bare fetch of the same request that reads its JSON.`,
    rounds,
    figures: [
      { what: 'bare fetch', unit: 'us', ...spreadOf(times.map((time) => time.fetch)) },
      {
        what: 'client against bare fetch',
        unit: 'x',
        must: { atMost: 1.5 },
        ...spreadOf(times.map((time) => time.client / time.fetch)),
      },
      {
        what: 'what the client adds',
        unit: 'us',
        ...spreadOf(times.map((time) => time.client - time.fetch)),
      },
      {
        what: 'client with leases against bare fetch',
        unit: 'x',
        ...spreadOf(times.map((time) => time.leased / time.fetch)),
      },
      { what: 'client with leases', unit: 'us', ...spreadOf(times.map((time) => time.leased)) },
    ],
  }
}

/** A bare fetch of exactly what the client sends. */
async function recordRequest(service: Service, secret: string): Promise<() => Promise<unknown>> {
  const requests: [input: string, init: RequestInit][] = []
  const recorder = createClient({
    ...service,
    verify: { precheck: 'off' },
    fetch: (input, init) => {
      requests.push([String(input), init ?? {}])
      return fetch(input, init)
    },
  })
  await recorder.verify(secret, QUESTION)
  const [url, { method, headers, body }] = requests[0] ?? ['', {}]
  if (method === undefined || !body) throw new Error('no request was seen')
  const init = { method, headers: Object.fromEntries(new Headers(headers)), body }
  return async () => (await fetch(url, init)).json()
}

/** Median time of a call in us. */
async function timeOfCall(verify: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let call = 0; call < CALLS; call++) {
    const startedAt = performance.now()
    const verdict = await verify()
    times.push(performance.now() - startedAt)
    if (!(verdict as { valid?: boolean }).valid) throw new Error('the key must be valid')
  }
  return median(times) * 1000
}
