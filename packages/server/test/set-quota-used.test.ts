import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService, verify } from './_service.ts'

// An administrator sets what counts as used of a quota.

const NOW = Date.UTC(2026, 5, 1, 12)

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())

const QUOTAS = { tokens: { limit: 100, period: 'day' } }

const set = (
  id: string,
  body: object,
  options: { token?: string; headers?: Record<string, string> } = {},
) => ask(service, 'POST', `/v1/keys/${id}/quotas`, { body, ...options })

test('the count is as it was set, and the change is on record', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  await verify(service, secret, { cost: { tokens: 100 } })
  const { status, body, headers } = await set(key.id, { name: 'tokens', used: 40 })
  expect([status, headers.etag]).toEqual([200, '"2"'])
  expect(body.quotas.tokens).toMatchObject({ used: 40, reserved: 0 })
  expect(await verify(service, secret, { cost: { tokens: 60 } })).toMatchObject({
    remaining: { tokens: 0 },
  })
  const { body: events } = await ask(service, 'GET', `/v1/audit-events?target=${key.id}`)
  expect(events.items[0]).toMatchObject({
    action: 'key.quota_set',
    details: {
      name: 'tokens',
      source: { kind: 'key', id: key.id },
      from: 100,
      to: 40,
      reserved: 0,
    },
  })
})

test('what was set belongs to the present period', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  await set(key.id, { name: 'tokens', used: 100 })
  expect(await verify(service, secret, { cost: { tokens: 1 } })).toMatchObject({ valid: false })
  clock += 86_400_000
  expect(await verify(service, secret, { cost: { tokens: 1 } })).toMatchObject({
    remaining: { tokens: 99 },
  })
})

test('the quota of the project is meant when the key has none', async () => {
  const { body: project } = await ask(service, 'POST', '/v1/projects', {
    body: { name: 'with-quotas', defaultQuotas: QUOTAS },
  })
  const { key, secret } = await createKey(service, { project: project.id })
  const { body } = await set(key.id, { name: 'tokens', used: 99 })
  expect(body.effective.quotas).toMatchObject([
    { name: 'tokens', source: { kind: 'project', id: project.id }, used: 99 },
  ])
  expect(await verify(service, secret, { cost: { tokens: 2 } })).toMatchObject({ valid: false })
})

test('a quota that the key does not have is not found', async () => {
  const { key } = await createKey(service, { quotas: QUOTAS })
  const bodies = [
    { name: 'credits', used: 1 },
    { name: 'constructor', used: 1 },
    { name: 'tokens', used: 1, policyId: 'hq8kwyd6tabkegcw' },
    { name: 'tokens', used: 1, policyId: key.id },
  ]
  for (const body of bodies) {
    expect(await set(key.id, body)).toMatchObject({
      status: 404,
      body: { code: 'quota_not_found' },
    })
  }
})

test('only who holds all rights of the key may set its counts', async () => {
  const { key } = await createKey(service, { quotas: QUOTAS, permissions: ['jobs:write'] })
  const { secret: poor } = await createToken(service, { permissions: ['keys:write'] })
  const { secret: rich } = await createToken(service, { permissions: ['keys:write', 'jobs:*'] })
  const refused = await set(key.id, { name: 'tokens', used: 1 }, { token: poor })
  expect([refused.status, refused.body.code]).toEqual([403, 'missing_permission'])
  const { body } = await set(key.id, { name: 'tokens', used: 1 }, { token: rich })
  expect(body.quotas.tokens.used).toBe(1)
})

test('the counts of a revoked key stay as they are', async () => {
  const { key } = await createKey(service, { quotas: QUOTAS })
  await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
  expect(await set(key.id, { name: 'tokens', used: 1 })).toMatchObject({
    status: 409,
    body: { code: 'key_revoked' },
  })
})

test('a repetition with the same Idempotency-Key sets it once', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const options = { headers: { 'idempotency-key': 'set-1' } }
  await set(key.id, { name: 'tokens', used: 10 }, options)
  await verify(service, secret, { cost: { tokens: 5 } })
  const again = await set(key.id, { name: 'tokens', used: 10 }, options)
  expect(again.headers['idempotency-replayed']).toBe('true')
  expect(again.body.quotas.tokens.used).toBe(15)
})

test('charges that run at the same time are before it or after it, and none is lost', async () => {
  const quotas = { tokens: { limit: 1_000_000, period: 'none' } }
  const { key, secret } = await createKey(service, { quotas })
  let isSet = false
  let before = 0
  let after = 0
  const spend = async () => {
    for (let round = 0; round < 20; round += 1) {
      const startedAfter = isSet
      const { code } = await verify(service, secret, { cost: { tokens: 1 } })
      expect(code).toBe('valid')
      if (startedAfter) after += 1
      else before += 1
    }
  }
  const spenders = Array.from({ length: 16 }, spend)
  await verify(service, secret, { cost: { tokens: 1 } })
  expect((await set(key.id, { name: 'tokens', used: 500_000 })).status).toBe(200)
  isSet = true
  await Promise.all(spenders)
  const { body } = await ask(service, 'GET', `/v1/keys/${key.id}`)
  const counted = body.quotas.tokens.used - 500_000
  // Those that ran when it was set may be on either side.
  expect(counted).toBeGreaterThanOrEqual(after)
  expect(counted).toBeLessThanOrEqual(after + 16)
  expect(before + after).toBe(320)
})
