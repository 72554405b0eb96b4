import { generateId } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService, verify } from './_service.ts'

// Nobody hands out more than he holds, by way of a policy either (R2 to R4, R6).

const NOW = Date.UTC(2026, 5, 1)

let service: TestService

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => NOW })
})
afterAll(() => service.close())

async function tokenWith(...permissions: string[]): Promise<string> {
  return (
    await createToken(service, { permissions: ['keys:write', 'keys:import', ...permissions] })
  ).secret
}
async function createPolicy(body: object = {}): Promise<string> {
  const named = { name: `p-${generateId()}`, ...body }
  return (await ask(service, 'POST', '/v1/policies', { body: named })).body.id
}
const updatePolicy = (id: string, body: object, token: string) =>
  ask(service, 'PATCH', `/v1/policies/${id}`, { body, token })
const updateKey = (id: string, body: object, token: string) =>
  ask(service, 'PATCH', `/v1/keys/${id}`, { body, token })

/** Every way to move a bound of a policy, wider or narrower: nobody is asked which it is. */
const BOUNDS: object[] = [
  { allowedModels: null },
  { allowedModels: ['small', 'large'] },
  { ipAllowlist: null },
  { rateLimits: {} },
  { rateLimits: { requests: { limit: 1000, windowSeconds: 1 } } },
  { quotas: {} },
  { quotas: { tokens: { limit: 1000, period: 'day' } } },
  { maxLifetimeSeconds: null },
  { maxLifetimeSeconds: 9000 },
]
const TIGHT = {
  allowedModels: ['small'],
  ipAllowlist: ['192.0.2.1'],
  rateLimits: { requests: { limit: 1, windowSeconds: 60 } },
  quotas: { tokens: { limit: 1, period: 'day' } },
  maxLifetimeSeconds: 3600,
}

function expectRefused({ status, body }: Awaited<ReturnType<typeof ask>>, missing: string) {
  expect([status, body.code]).toEqual([403, 'missing_permission'])
  expect(body.detail).toContain(`does not hold ${missing},`)
}

describe('the permissions of a policy', () => {
  test('are held by whoever creates it or adds to it', async () => {
    const token = await tokenWith('jobs:*')
    const create = (permissions: string[]) =>
      ask(service, 'POST', '/v1/policies', { token, body: { name: generateId(), permissions } })
    expectRefused(await create(['jobs:read', 'billing:read']), 'billing:read')
    expectRefused(await create(['device:*']), 'device:*')
    const { status, body } = await create(['jobs:read'])
    expect(status).toBe(201)
    expectRefused(await updatePolicy(body.id, { permissions: ['jobs:*', 'x'] }, token), 'x')
    expect((await updatePolicy(body.id, { permissions: ['jobs:*'] }, token)).status).toBe(200)
  })

  test('can be taken away by whoever may write, and not be narrowed into others', async () => {
    const id = await createPolicy({ permissions: ['jobs:*', 'billing:read'] })
    const token = await tokenWith()
    expect((await updatePolicy(id, { permissions: ['jobs:*'] }, token)).status).toBe(200)
    expect((await updatePolicy(id, { permissions: ['jobs:read'] }, token)).status).toBe(200)
    expectRefused(await updatePolicy(id, { permissions: ['jobs:*'] }, token), 'jobs:*')
    expect((await updatePolicy(id, { permissions: [] }, token)).status).toBe(200)
  })

  test('are held by whoever gives the policy to a key', async () => {
    const id = await createPolicy({ permissions: ['jobs:read'] })
    const { key } = await createKey(service)
    const [poor, rich] = [await tokenWith(), await tokenWith('jobs:read')]
    const body = { name: 'x', policyIds: [id] }
    const importOne = async (token: string) => {
      const secretSha256 = generateId()
        .replaceAll(/[^0-9a-f]/g, '0')
        .padEnd(64, 'a')
      const answer = await ask(service, 'POST', '/v1/keys/import?entropyBits=128', {
        token,
        body: JSON.stringify({ ...body, secretSha256 }),
        headers: { 'content-type': 'application/x-ndjson' },
      })
      return answer.body.lines[0]
    }
    expectRefused(await ask(service, 'POST', '/v1/keys', { token: poor, body }), 'jobs:read')
    expectRefused(await updateKey(key.id, { policyIds: [id] }, poor), 'jobs:read')
    expect(await importOne(poor)).toMatchObject({ outcome: 'refused', code: 'missing_permission' })
    expect((await ask(service, 'GET', `/v1/policies/${id}`)).body.keys).toBe(0)
    expect((await ask(service, 'POST', '/v1/keys', { token: rich, body })).status).toBe(201)
    expect((await updateKey(key.id, { policyIds: [id] }, rich)).status).toBe(200)
    expect(await importOne(rich)).toMatchObject({ outcome: 'imported' })
  })

  test('count as rights of the key: who lacks them cannot rotate, enable or widen it', async () => {
    const policyIds = [await createPolicy({ permissions: ['jobs:read'] })]
    const { key, secret } = await createKey(service, {
      policyIds,
      enabled: false,
      allowedModels: [],
    })
    const path = `/v1/keys/${key.id}`
    const [poor, rich] = [await tokenWith(), await tokenWith('jobs:read')]
    const calls = [
      (token: string) => ask(service, 'POST', `${path}/enable`, { token }),
      (token: string) =>
        ask(service, 'POST', `${path}/rotate`, { token, body: { overlapSeconds: 60 } }),
      (token: string) => updateKey(key.id, { allowedModels: null }, token),
    ]
    for (const call of calls) expectRefused(await call(poor), 'jobs:read')
    expect((await verify(service, secret)).code).toBe('disabled')
    for (const call of calls) expect((await call(rich)).status).toBe(200)
    const move = (overlapSeconds: number) =>
      ask(service, 'POST', `${path}/overlap`, { token: poor, body: { overlapSeconds } })
    expectRefused(await move(3600), 'jobs:read')
    expect((await move(1)).status).toBe(200)
    // Taking rights away is open to everybody who may write.
    expect((await ask(service, 'POST', `${path}/disable`, { token: poor })).status).toBe(200)
  })
})

describe('limits and policies of a key', () => {
  test('are moved only by whoever holds all rights of the key', async () => {
    const policyIds = [await createPolicy(TIGHT)]
    const own = { rateLimits: TIGHT.rateLimits, quotas: TIGHT.quotas }
    const { key } = await createKey(service, { permissions: ['jobs:read'], policyIds, ...own })
    const other = await createPolicy()
    const [poor, rich] = [await tokenWith(), await tokenWith('jobs:read')]
    const changes = [
      { rateLimits: {} },
      { quotas: {} },
      { policyIds: [] },
      { policyIds: [...policyIds, other] },
    ]
    for (const change of changes) {
      expectRefused(await updateKey(key.id, change, poor), 'jobs:read')
    }
    const { body: present } = await ask(service, 'GET', `/v1/keys/${key.id}`)
    expect(present).toMatchObject({ rateLimits: own.rateLimits, policyIds })
    for (const change of changes) {
      expect((await updateKey(key.id, change, rich)).status).toBe(200)
    }
    const { body: log } = await ask(service, 'GET', `/v1/audit-events?target=${key.id}&limit=4`)
    expect(log.items.at(-1).details.rateLimits).toEqual({ from: own.rateLimits, to: {} })
  })
})

describe('a bound of a policy', () => {
  test('of no key is moved by whoever holds the permissions of the policy', async () => {
    const id = await createPolicy({ ...TIGHT, permissions: ['jobs:read'] })
    const [poor, rich] = [await tokenWith(), await tokenWith('jobs:read')]
    for (const bound of BOUNDS) {
      expectRefused(await updatePolicy(id, bound, poor), 'jobs:read')
      expect((await updatePolicy(id, bound, rich)).status).toBe(200)
    }
  })

  test('is moved only by whoever holds all rights of all keys that have it', async () => {
    const id = await createPolicy(TIGHT)
    const second = await createPolicy({ permissions: ['billing:read'] })
    await createKey(service, { permissions: ['jobs:read'], policyIds: [id] })
    const { key } = await createKey(service, { policyIds: [second, id] })
    const before = (await ask(service, 'GET', `/v1/policies/${id}`)).body
    const [one, other] = [await tokenWith('jobs:read'), await tokenWith('billing:read')]
    for (const bound of BOUNDS) {
      expectRefused(await updatePolicy(id, bound, one), 'billing:read')
      expectRefused(await updatePolicy(id, bound, other), 'jobs:read')
    }
    expect((await ask(service, 'GET', `/v1/policies/${id}`)).body).toEqual(before)
    // What is no bound is open to whoever may write.
    expect((await updatePolicy(id, { name: generateId(), description: 'x' }, one)).status).toBe(200)
    const both = await tokenWith('jobs:*', 'billing:*')
    for (const bound of BOUNDS) expect((await updatePolicy(id, bound, both)).status).toBe(200)
    await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
    expect((await updatePolicy(id, { allowedModels: [] }, one)).status).toBe(200)
  })

  test('of more keys than are looked at is moved only by whoever holds *', async () => {
    const id = await createPolicy(TIGHT)
    const lines = Array.from({ length: 1000 }, (_, index) => ({
      name: 'many',
      secretSha256: (index + 0x1000).toString(16).padStart(64, '7'),
      policyIds: [id],
    }))
    const importLines = (some: object[]) =>
      ask(service, 'POST', '/v1/keys/import?entropyBits=128', {
        body: some.map((line) => JSON.stringify(line)).join('\n'),
        headers: { 'content-type': 'application/x-ndjson' },
      })
    expect((await importLines(lines)).body).toMatchObject({ imported: 1000 })
    const [writer, everybody] = [await tokenWith(), await tokenWith('*')]
    expect((await updatePolicy(id, { quotas: {} }, writer)).status).toBe(200)
    await createKey(service, { policyIds: [id] })
    expect((await ask(service, 'GET', `/v1/policies/${id}`)).body.keys).toBe(1001)
    expectRefused(await updatePolicy(id, { allowedModels: null }, writer), '*')
    expect((await updatePolicy(id, { allowedModels: null }, everybody)).status).toBe(200)
  })
})
