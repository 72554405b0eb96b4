import { createHash } from 'node:crypto'
import { generateKey, parseKey } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { checkKey } from '../src/adapters/web.ts'
import {
  type ApiError,
  AuthenticationError,
  type Client,
  ConnectionError,
  NotFoundError,
  type Question,
  RateLimitError,
  ServerError,
  type Verdict,
} from '../src/index.ts'
import { createTestClient } from '../src/testing/create-test-client.ts'
import { startKeysmith } from './_keysmith.ts'

/** What differs between two runs: ids, times, and the name of the calling token. */
const CHANGING =
  /^(id|reservationId|retryAfterMs|at|by|keyId|version|secretVersion|project|.*At|time|instanceId)$/

/** Shape and values of an answer, with the secrets and the changing fields by kind only. */
function comparable(value: unknown, name = ''): unknown {
  if (name === 'secret') return parseKey(value).ok
  // The service writes last uses up to a second late.
  if (value === null || value === undefined || name === 'lastUsedAt') return null
  if (CHANGING.test(name)) return typeof value
  if (Array.isArray(value)) return value.map((item) => comparable(item))
  if (typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([field]) => field !== 'leaseMs')
  return Object.fromEntries(entries.map(([field, held]) => [field, comparable(held, field)]))
}

/** The same calls on any service; what each of them answered or threw. */
async function script(client: Client): Promise<unknown[]> {
  const log: unknown[] = []
  const run = async <Result>(call: PromiseLike<Result>): Promise<Result> => {
    try {
      const result = await call
      log.push(comparable(result))
      return result
    } catch (error) {
      const { name, status, code, keyId, secrets } = error as ApiError & Record<string, unknown>
      log.push(comparable({ name, status, code, keyId, secrets }))
      return undefined as never
    }
  }
  const ask = (secret: string, question?: Question) => run(client.verify(secret, question))
  const { keys } = client

  const { key, secret } = await run(
    keys.create({
      name: 'jobs',
      owner: 'team-7',
      permissions: ['jobs:*', 'device:priority'],
      allowedModels: ['small-*', 'large'],
      ipAllowlist: ['203.0.113.7', '2001:db8::7'],
      metadata: { plan: 'pro' },
      tags: { team: 'a' },
      expiresInDays: 30,
    }),
  )
  const address = { ip: '203.0.113.7' }
  for (const question of [
    {},
    { ip: null },
    { ip: '203.0.113.8' },
    { ...address },
    { ...address, model: null },
    { ...address, model: 'small-1' },
    { ...address, model: 'Small-1' },
    { ip: '2001:db8::7', model: 'large' },
    { ...address, model: 'larger' },
    { ...address, model: 'large', permissions: ['jobs:write', 'jobs:a:b'] },
    { ...address, model: 'large', permissions: ['jobs'] },
    { ...address, model: 'larger', permissions: ['device:priority', 'other'] },
    { ...address, model: 'large', permissions: [] },
  ]) {
    await ask(secret, question)
  }
  await ask('nonsense')
  await ask(generateKey({ brand: 'ks', kind: 'live' }).secret)
  await ask(generateKey({ brand: 'ks', kind: 'live', id: key.id }).secret)

  await run(keys.get(key.id))
  await run(keys.update(key.id, { name: 'other', ipAllowlist: null, allowedModels: null }))
  await ask(secret)
  await run(keys.disable(key.id))
  await ask(secret)
  await run(keys.disable(key.id))
  await run(keys.enable(key.id))

  const second = await run(keys.rotate(key.id, { overlapSeconds: 60 }))
  await ask(secret)
  await ask(second.secret)
  await run(keys.rotate(key.id))
  await run(keys.rotate(key.id, { replaces: 1 }))
  const third = await run(keys.rotate(key.id, { replaces: second.key.secretVersion }))
  await ask(secret)
  await ask(second.secret)
  await ask(third.secret)
  await run(keys.setOverlap(key.id, 120))
  await run(keys.endOverlap(key.id))
  await ask(secret)
  await run(keys.setOverlap(key.id, 120))
  const fourth = await run(keys.rotate(key.id, { overlapSeconds: 0 }))
  await ask(third.secret)
  await ask(fourth.secret)

  await run(
    keys.update(key.id, { deletionProtection: true, notBefore: '2999-01-01T00:00:00.000Z' }),
  )
  await ask(fourth.secret)
  await run(keys.revoke(key.id))
  await run(keys.update(key.id, { deletionProtection: false, notBefore: null }))
  await run(keys.revoke(key.id, { reason: 'leaked', afterSeconds: 3600 }))
  await ask(fourth.secret)
  await run(keys.revoke(key.id, { reason: 'sooner' }))
  await run(keys.revoke(key.id))
  await ask(fourth.secret)
  await run(keys.rotate(key.id))
  await run(keys.enable(key.id))
  await run(keys.update(key.id, { name: 'again' }))
  await run(keys.get('0000000000000001'))
  await run(keys.rotate('0000000000000001'))

  const minted = generateKey({ brand: 'ks', kind: 'test' })
  const secretSha256 = createHash('sha256').update(minted.secret).digest('hex')
  const registered = { id: minted.id, secretSha256, environment: 'test' as const }
  await run(keys.create({ name: 'own', ...registered }))
  await ask(minted.secret)
  await run(keys.create({ name: 'own again', id: minted.id, secretSha256: '0'.repeat(64) }))

  await limitsScript(client, run)

  await run(keys.list())
  await run(keys.list({ status: 'revoked' }))
  await run(keys.list({ name: 'own', environment: 'test' }))
  const first = await run(keys.list({ limit: 1 }))
  expect(first.nextCursor).not.toBeNull()
  for await (const { name } of keys.list({ limit: 1 })) log.push(name)
  await run(client.projects.get('default'))
  await run(client.projects.get('absent'))
  await run(client.health.live())
  await run(client.health.ready())
  return log
}

type Run = <Result>(call: PromiseLike<Result>) => Promise<Result>

/** Windows and periods that do not end while the script runs. */
async function limitsScript({ keys, verify, reservations }: Client, run: Run): Promise<void> {
  const { key, secret } = await run(
    keys.create({
      name: 'limited',
      rateLimits: {
        requests: { limit: 14, windowSeconds: 86_400 },
        images: { limit: 4, windowSeconds: 3600 },
      },
      quotas: {
        credits: { limit: 20, period: 'month' },
        tokens: { limit: 1000, period: 'none' },
      },
    }),
  )
  const reserved: string[] = []
  for (const question of [
    {},
    { cost: 5 },
    { cost: { credits: 5, tokens: 100, other: 7 } },
    { cost: 11 },
    { cost: { images: 5 } },
    { cost: { images: 4, credits: 11 } },
    { cost: { images: 4 } },
    { cost: { credits: -1 } },
    { cost: { credits: 0.5 } },
    { cost: { tokens: 1 }, reserve: { tokens: 1 } },
    { reserve: { requests: 1 } },
    { reserveSeconds: 5 },
    { reserve: { tokens: 901 } },
    { reserve: { tokens: 600, other: 5 } },
    { reserve: { tokens: 300 }, cost: { credits: 1 } },
    { cost: { tokens: 1 } },
  ]) {
    const verdict = await run<Verdict | undefined>(verify(secret, question))
    if (verdict?.valid && verdict.reservationId) reserved.push(verdict.reservationId)
  }
  const [first = '', second = ''] = reserved
  await run(keys.get(key.id))
  await run(reservations.settle(first, { credits: 1 }))
  await run(reservations.settle(first, { tokens: 700 }))
  await run(reservations.release(first))
  await run(keys.setQuotaUsed(key.id, { name: 'tokens', used: 990 }))
  await run(reservations.settle(second, {}))
  await run(keys.setQuotaUsed(key.id, { name: 'images', used: 1 }))
  await run(reservations.release('0000000000000001'))
  await run(verify(secret, { reserve: { tokens: 11 } }))
  const third = await run(verify(secret, { reserve: { tokens: 10 } }))
  await run(reservations.settle(String(third.valid && third.reservationId), { tokens: 30 }))
  await run(verify(secret))
  const quotas = { tokens: { limit: 2000, period: 'week' as const } }
  await run(keys.update(key.id, { quotas }))
  await run(verify(secret, { cost: { tokens: 5, credits: 500 } }))
  await run(verify(secret))
  await run(verify(secret))
  await run(keys.get(key.id))
}

test('the fake answers a long script of calls like a real service', async () => {
  const service = await startKeysmith()
  const real = await script(service.client).finally(service.stop)
  const fake = await script(createTestClient())
  expect(fake.length).toBeGreaterThan(60)
  // The cursor of the service is opaque.
  const withoutCursor = (log: unknown[]) =>
    JSON.parse(JSON.stringify(log), (name, value) => (name === 'nextCursor' ? !!value : value))
  expect(withoutCursor(fake)).toEqual(withoutCursor(real))
})

describe('the clock', () => {
  test('gives back what a rate limit took, evenly', async () => {
    let now = Date.parse('2027-01-01T00:00:00Z')
    const { keys, verify } = createTestClient({ now: () => now })
    const rateLimits = { requests: { limit: 2, windowSeconds: 60 } }
    const { secret } = await keys.create({ name: 'a', rateLimits })
    const codes = async () => (await verify(secret)).code
    expect([await codes(), await codes(), await codes()]).toEqual([
      'valid',
      'valid',
      'rate_limited',
    ])
    now += 29_999
    expect(await verify(secret)).toMatchObject({ rateLimit: 'requests', retryAfterMs: 1 })
    now += 1
    expect([await codes(), await codes()]).toEqual(['valid', 'rate_limited'])
  })

  test.each([
    ['day', '2027-01-02'],
    ['week', '2027-01-04'],
    ['month', '2027-02-01'],
    ['none', null],
  ] as const)('starts a quota of a %s again at 00:00 UTC', async (period, date) => {
    let now = Date.parse('2027-01-01T12:00:00Z')
    const { keys, verify } = createTestClient({ now: () => now })
    const quotas = { credits: { limit: 1, period } }
    const { secret } = await keys.create({ name: 'a', quotas, expiresAt: null })
    expect((await verify(secret, { cost: 1 })).valid).toBe(true)
    const resetsAt = date && `${date}T00:00:00.000Z`
    now = resetsAt ? Date.parse(resetsAt) - 1 : Date.parse('2099-01-01T00:00:00Z')
    const refused = await verify(secret, { cost: 1 })
    expect(refused).toMatchObject({ code: 'quota_exhausted', quota: 'credits', resetsAt })
    now++
    expect((await verify(secret, { cost: 1 })).valid).toBe(date !== null)
  })

  test('ends a reservation that nobody ended', async () => {
    let now = 0
    const { keys, verify, reservations } = createTestClient({ now: () => now })
    const quotas = { tokens: { limit: 10, period: 'none' as const } }
    const { key, secret } = await keys.create({ name: 'a', quotas })
    const held = await verify(secret, { reserve: { tokens: 10 }, reserveSeconds: 5 })
    now = 4999
    expect((await verify(secret, { cost: { tokens: 1 } })).code).toBe('quota_exhausted')
    now = 5000
    expect((await keys.get(key.id)).quotas.tokens).toMatchObject({ used: 0, reserved: 0 })
    const id = String(held.valid && held.reservationId)
    expect(await reservations.settle(id, {})).toMatchObject({ state: 'expired', charged: {} })
  })

  test('ends keys, overlaps and waits to the millisecond', async () => {
    let now = Date.parse('2027-01-01T00:00:00Z')
    const { keys, verify } = createTestClient({ now: () => now })
    const { key, secret } = await keys.create({ name: 'a', expiresInDays: 1 })
    const rotated = await keys.rotate(key.id, { overlapSeconds: 60 })
    const codes = async () => [(await verify(secret)).code, (await verify(rotated.secret)).code]
    now += 59_999
    expect(await codes()).toEqual(['valid', 'valid'])
    now += 1
    expect(await codes()).toEqual(['expired', 'valid'])
    now += 86_400_000 - 60_001
    expect(await codes()).toEqual(['expired', 'valid'])
    now += 1
    expect(await codes()).toEqual(['expired', 'expired'])
    expect((await keys.get(key.id)).status).toBe('expired')
  })

  test('makes a rotation due', async () => {
    let now = 0
    const { keys } = createTestClient({ now: () => now })
    const rotation = { everySeconds: 86_400, overlapSeconds: 60 }
    const { key } = await keys.create({ name: 'a', rotation })
    now = 86_400_000 - 1
    expect((await keys.get(key.id)).rotationDue).toBe(false)
    now++
    expect((await keys.get(key.id)).rotationDue).toBe(true)
    await keys.rotate(key.id)
    expect(await keys.get(key.id)).toMatchObject({ rotationDue: false, secretVersion: now })
  })
})

test('the same seed makes the same secrets, another one others', async () => {
  const secrets = async (seed?: number) => {
    const { keys } = createTestClient({ seed })
    const key = await keys.create({ name: 'a' })
    return [
      key.secret,
      (await keys.create({ name: 'b' })).secret,
      (await keys.rotate(key.key.id)).secret,
    ]
  }
  const made = await secrets()
  expect(await secrets(1)).toEqual(made)
  expect(new Set([...made, ...(await secrets(2))]).size).toBe(6)
})

test('two clients share nothing, and no answer can change what the fake holds', async () => {
  const one = createTestClient()
  const { key, secret } = await one.keys.create({ name: 'a', permissions: ['a'] })
  expect((await createTestClient().verify(secret)).code).toBe('unknown')
  key.permissions.push('b')
  const verdict = await one.verify(secret)
  verdict.key?.permissions.push('c')
  expect(await one.keys.get(key.id)).toMatchObject({ permissions: ['a'] })
})

test('a test can fail every call, go offline, and recover', async () => {
  const client = createTestClient()
  const { secret } = await client.keys.create({ name: 'a' })
  for (const [status, kind] of [
    [401, AuthenticationError],
    [429, RateLimitError],
    [503, ServerError],
  ] as const) {
    client.fake.fail(status)
    await expect(client.verify(secret)).rejects.toThrow(kind)
    await expect(client.keys.list()).rejects.toMatchObject({ status, requestId: 'test' })
  }
  client.fake.offline()
  await expect(client.verify(secret)).rejects.toThrow(ConnectionError)
  const request = new Request('http://x/', { headers: { authorization: `Bearer ${secret}` } })
  const check = checkKey({ client })
  expect(await check(request)).toMatchObject({ status: 503 })
  client.fake.recover()
  expect(await check(request)).toMatchObject({ valid: true })
})

test('what the fake does not know is refused aloud', async () => {
  const client = createTestClient()
  const range = { name: 'a', ipAllowlist: ['203.0.113.0/24'] }
  await expect(client.keys.create(range)).rejects.toMatchObject({ code: 'invalid_request' })
  const policed = { name: 'a', policyIds: ['0000000000000001'] }
  await expect(client.keys.create(policed)).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(client.tokens.list()).rejects.toThrow(NotFoundError)
  await expect(client.auditEvents.list()).rejects.toMatchObject({ code: 'route_not_found' })
  await expect(client.projects.create({ name: 'b' })).rejects.toMatchObject({ status: 404 })
  const lines = ['a', 'b'].map((name) => ({ name, secretSha256: 'f'.repeat(64) }))
  await expect(client.keys.import(lines)).rejects.toMatchObject({ code: 'route_not_found' })
  await expect(client.keys.get('keys')).rejects.toMatchObject({ code: 'key_not_found' })
})

test('a secret that is minted by the client works as with the service', async () => {
  const client = createTestClient()
  const { key, secret } = await client.keys.create({ name: 'a', mint: 'client' })
  expect((await client.verify(secret)).valid).toBe(true)
  const rotated = await client.keys.rotate(key.id, { mint: 'client', overlapSeconds: 0 })
  expect((await client.verify(rotated.secret)).valid).toBe(true)
  expect((await client.verify(secret)).code).toBe('expired')
  expect(await client.whoami()).toMatchObject({ kind: 'token' })
  expect(await client.meta.get()).toMatchObject({ precheck: 'on' })
})
