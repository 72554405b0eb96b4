import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient, type KeyWithSecret } from '../src/index.ts'
import { leases } from '../src/leases.ts'
import { answerWith, passOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

const RUNS = 1000
/** Ended at the same time. */
const GROUP = 50
const BOUND_MS = 2000

let keysmith: Keysmith
let plain: Client

beforeAll(async () => {
  keysmith = await startKeysmith({ KEYSMITH_LOG_LEVEL: 'info' })
  plain = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

const leasing = (baseUrl = keysmith.url) =>
  createClient({ baseUrl, token: keysmith.token, verify: { lease: leases(), precheck: 'off' } })

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function createKeys(count: number): Promise<KeyWithSecret[]> {
  return Promise.all(Array.from({ length: count }, () => plain.keys.create({ name: 'run' })))
}

describe('without leases', () => {
  test('a revoked key is refused at the next verification, 100 times', async () => {
    const keys = await createKeys(100)
    await Promise.all(
      keys.map(async ({ key, secret }) => {
        expect((await plain.verify(secret)).code).toBe('valid')
        await plain.keys.revoke(key.id)
        expect((await plain.verify(secret)).code).toBe('revoked')
      }),
    )
  })

  test('a disabled key is refused at the next verification, and an enabled one accepted', async () => {
    const { key, secret } = await plain.keys.create({ name: 'switch' })
    for (let count = 0; count < 25; count += 1) {
      await plain.keys.disable(key.id)
      expect((await plain.verify(secret)).code).toBe('disabled')
      await plain.keys.enable(key.id)
      expect((await plain.verify(secret)).code).toBe('valid')
    }
  })
})

describe('with leases, a revoked key is refused after 2 s at the latest', () => {
  let keys: KeyWithSecret[]

  beforeAll(async () => {
    keys = await createKeys(RUNS)
  })

  /**
   * Asks until the first refusal, which must have this code. Gives the time of the last call that found
   * the key valid.
   */
  async function watch(client: Client, secret: string, code: string): Promise<number> {
    let lastValidAt = Number.NEGATIVE_INFINITY
    for (const startedAt = performance.now(); performance.now() - startedAt < 4 * BOUND_MS; ) {
      const calledAt = performance.now()
      // A call that nobody answered let nobody in.
      const verdict = await client.verify(secret).catch(() => null)
      if (verdict?.valid) lastValidAt = calledAt
      else if (verdict) {
        expect(verdict.code).toBe(code)
        return lastValidAt
      }
      await pause(50 + 100 * Math.random())
    }
    throw new Error('the key was never refused')
  }

  /** How long after its end each key was found valid for the last time; negative = not once. */
  async function run(
    end: (group: KeyWithSecret[]) => Promise<number[]>,
    code: string,
  ): Promise<number[]> {
    const client = leasing()
    const watched: Promise<number>[] = []
    for (let index = 0; index < RUNS; index += GROUP) {
      const group = keys.slice(index, index + GROUP)
      const verdicts = await Promise.all(group.map(({ secret }) => client.verify(secret)))
      expect(verdicts.every(({ valid }) => valid)).toBe(true)
      const endedAt = await end(group)
      for (const [nth, { secret }] of group.entries()) {
        const lastValid = watch(client, secret, code)
        watched.push(lastValid.then((at) => at - (endedAt[nth] ?? Number.NaN)))
      }
    }
    return Promise.all(watched)
  }

  test(`ended where the service is not told of it, ${RUNS} runs`, async () => {
    const db = new Database(join(keysmith.dataDir, 'keysmith.db'), { timeout: 5000 })
    const disable = db.prepare('UPDATE keys SET enabled = 0 WHERE id = ?')
    const disableGroup = async (group: KeyWithSecret[]) => {
      db.transaction(() => {
        for (const { key } of group) disable.run(key.id)
      })()
      const now = performance.now()
      return group.map(() => now)
    }
    const valid = await run(disableGroup, 'disabled')
    expect(Math.max(...valid)).toBeLessThan(BOUND_MS)
    // They were found valid after their end, from what was remembered: else the bound would say nothing.
    expect(valid.filter((ms) => ms > 0).length).toBeGreaterThan(RUNS / 20)
    db.exec('UPDATE keys SET enabled = 1')
    db.close()
    // Rows that say otherwise live for a second in the service.
    await pause(BOUND_MS / 2)
  })

  test(`revoked by the service, ${RUNS} runs`, async () => {
    const revokeGroup = (group: KeyWithSecret[]) =>
      Promise.all(
        group.map(async ({ key }) => {
          await plain.keys.revoke(key.id)
          return performance.now()
        }),
      )
    const valid = await run(revokeGroup, 'revoked')
    expect(Math.max(...valid)).toBeLessThan(BOUND_MS)
    expect(valid.filter((ms) => ms > 0).length).toBeGreaterThan(RUNS / 20)
  })
})

describe('the lease of the real service', () => {
  test('answers without a request, and asks again after a second', async () => {
    const proxy = await answerWith(passOn(keysmith.url))
    const client = leasing(proxy.url)
    const { secret } = await plain.keys.create({ name: 'leased' })
    const startedAt = performance.now()
    for (let count = 0; count < 500; count += 1) await client.verify(secret)
    const seconds = (performance.now() - startedAt) / 1000
    expect(proxy.seen.length).toBeLessThanOrEqual(1 + Math.ceil(seconds))
  })

  test('ends with the key: no call after the expiry is valid', async () => {
    const client = leasing()
    const expiries = Array.from({ length: 20 }, (_, index) => Date.now() + 1000 + 23 * index)
    await Promise.all(
      expiries.map(async (end) => {
        const expiresAt = new Date(end).toISOString()
        const { secret } = await plain.keys.create({ name: 'short', expiresAt })
        for (;;) {
          const calledAt = Date.now()
          const { code } = await client.verify(secret)
          if (code === 'expired') return
          expect(code).toBe('valid')
          expect(calledAt).toBeLessThan(end)
          await pause(1)
        }
      }),
    )
  })

  test('the first use is visible as last use within 2 s, when all others came from the lease', async () => {
    const client = leasing()
    const { key, secret } = await plain.keys.create({ name: 'used' })
    const before = Date.now()
    await client.verify(secret)
    const calledAt = performance.now()
    let lastUsedAt: string | null = null
    while (lastUsedAt === null && performance.now() - calledAt < BOUND_MS) {
      await client.verify(secret)
      await pause(50)
      lastUsedAt = (await plain.keys.get(key.id)).lastUsedAt
    }
    expect(Date.parse(lastUsedAt ?? '')).toBeGreaterThanOrEqual(before)
  })

  test('is none where the operator switched leases off', async () => {
    const strict = await startKeysmith({ KEYSMITH_LEASE_MS: '0' })
    try {
      const proxy = await answerWith(passOn(strict.url))
      const verify = { lease: leases(), precheck: 'off' as const }
      const client = createClient({ baseUrl: proxy.url, token: strict.token, verify })
      const { secret } = await client.keys.create({ name: 'strict' })
      for (let count = 0; count < 5; count += 1) await client.verify(secret)
      expect(proxy.seen).toHaveLength(1 + 5)
    } finally {
      await strict.stop()
    }
  })
})

test('the secret itself is not held: it is nowhere in the memory of the process', async () => {
  const { secret } = await plain.keys.create({ name: 'heap' })
  const { secret: planted } = await plain.keys.create({ name: 'planted' })
  const child = spawn(
    process.execPath,
    ['--conditions=@keysmith/source', '--expose-gc', '_heap.ts'],
    {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  child.stdin.end(`${keysmith.url}\n${keysmith.token}\n${secret}\n${planted}\n`)
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  // The other secret shows that the search finds what is there.
  expect(JSON.parse(output)).toEqual({ code: 'valid', isLeased: true, found: [false, true] })
})
