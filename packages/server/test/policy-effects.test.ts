import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { generateId } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, createKey, startService, type TestService, verify } from './_service.ts'

// What a policy and a project do to the keys they hold for: in force with the next request, though the
// row of the key is in the cache.

const NOW = Date.UTC(2026, 5, 1)
const DAY_SECONDS = 86_400

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
beforeEach(() => {
  clock = NOW
})
afterAll(() => service.close())

async function createPolicy(body: object = {}): Promise<string> {
  const named = { name: `p-${generateId()}`, ...body }
  return (await ask(service, 'POST', '/v1/policies', { body: named })).body.id
}
const updatePolicy = async (id: string, body: object) =>
  expect((await ask(service, 'PATCH', `/v1/policies/${id}`, { body })).status).toBe(200)
const updateProject = async (id: string, body: object) =>
  expect((await ask(service, 'PATCH', `/v1/projects/${id}`, { body })).status).toBe(200)
const codeOf = async (secret: string, question: object = {}) =>
  (await verify(service, secret, { ...question })).code
const getKey = async (id: string) => (await ask(service, 'GET', `/v1/keys/${id}`)).body
async function createProject(body: object = {}): Promise<string> {
  const named = { name: `p-${generateId()}`, ...body }
  return (await ask(service, 'POST', '/v1/projects', { body: named })).body.id
}
const FOR_EVER = { expiresAt: null }

describe('a policy', () => {
  test('gives its keys permissions, and takes them back with the next request', async () => {
    const policy = await createPolicy({ permissions: ['jobs:write'] })
    const { key, secret } = await createKey(service, {
      permissions: ['jobs:read'],
      policyIds: [policy],
    })
    const ask = { permissions: ['jobs:read', 'jobs:write'] }
    expect(await codeOf(secret, ask)).toBe('valid')
    const { key: shown } = await verify(service, secret)
    expect(shown.permissions).toEqual(['jobs:read', 'jobs:write'])
    await updatePolicy(policy, { permissions: [] })
    expect(await codeOf(secret, ask)).toBe('missing_permission')
    await updatePolicy(policy, { permissions: ['jobs:*'] })
    expect(await codeOf(secret, ask)).toBe('valid')
    const { permissions, effective } = await getKey(key.id)
    expect([permissions, effective.permissions]).toEqual([['jobs:read'], ['jobs:read', 'jobs:*']])
  })

  test('narrows models and addresses with the next request, and never widens them', async () => {
    const policy = await createPolicy()
    const { key, secret } = await createKey(service, {
      allowedModels: ['llama-*'],
      ipAllowlist: ['10.0.0.0/8'],
      policyIds: [policy],
    })
    const question = { model: 'llama-3', ip: '10.1.2.3' }
    expect(await codeOf(secret, question)).toBe('valid')
    await updatePolicy(policy, { allowedModels: ['llama-3', 'mistral'] })
    expect(await codeOf(secret, question)).toBe('valid')
    expect(await codeOf(secret, { ...question, model: 'llama-4' })).toBe('model_not_allowed')
    expect(await codeOf(secret, { ...question, model: 'mistral' })).toBe('model_not_allowed')
    await updatePolicy(policy, { ipAllowlist: ['10.1.0.0/16', '192.0.2.1'] })
    expect(await codeOf(secret, question)).toBe('valid')
    expect(await codeOf(secret, { ...question, ip: '10.2.0.1' })).toBe('ip_not_allowed')
    expect(await codeOf(secret, { ...question, ip: '192.0.2.1' })).toBe('ip_not_allowed')
    expect((await getKey(key.id)).effective).toMatchObject({
      allowedModels: ['llama-3'],
      ipAllowlist: ['10.1.0.0/16'],
    })
    await updatePolicy(policy, { allowedModels: ['mistral'], ipAllowlist: ['192.0.2.1'] })
    expect((await getKey(key.id)).effective).toMatchObject({ allowedModels: [], ipAllowlist: [] })
    expect(await codeOf(secret, question)).toBe('ip_not_allowed')
    expect(await codeOf(secret, { ...question, ip: null })).toBe('model_not_allowed')
    expect(await codeOf(secret, { model: 'llama-3' })).toBe('ip_required')
    await updatePolicy(policy, { allowedModels: null, ipAllowlist: null })
    expect(await codeOf(secret, question)).toBe('valid')
  })

  test('that is given or taken away changes the next request', async () => {
    const policy = await createPolicy({ allowedModels: [] })
    const { key, secret } = await createKey(service)
    const set = (policyIds: string[]) =>
      ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { policyIds } })
    expect(await codeOf(secret, { model: 'm' })).toBe('valid')
    expect((await set([policy])).body.effective.allowedModels).toEqual([])
    expect(await codeOf(secret, { model: 'm' })).toBe('model_not_allowed')
    await set([])
    expect(await codeOf(secret, { model: 'm' })).toBe('valid')
  })

  test('limits each of its keys by itself, beside the limits of the key', async () => {
    const requests = { requests: { limit: 2, windowSeconds: 3600 } }
    const policy = await createPolicy({ rateLimits: requests })
    const rateLimits = { requests: { limit: 3, windowSeconds: 3600 } }
    const [first, second] = await Promise.all(
      [1, 2].map(() => createKey(service, { rateLimits, policyIds: [policy] })),
    )
    if (!first || !second) throw new Error('two keys were made')
    for (const { secret } of [first, second]) {
      expect([await codeOf(secret), await codeOf(secret), await codeOf(secret)]).toEqual([
        ...['valid', 'valid', 'rate_limited'],
      ])
    }
    const { effective } = await getKey(first.key.id)
    expect(effective.rateLimits).toEqual([
      { name: 'requests', source: { kind: 'key', id: first.key.id }, ...rateLimits.requests },
      { name: 'requests', source: { kind: 'policy', id: policy }, ...requests.requests },
    ])
    await updatePolicy(policy, { rateLimits: {} })
    expect(await codeOf(first.secret)).toBe('valid')
  })

  test('holds for imported keys', async () => {
    const policy = await createPolicy({ permissions: ['jobs:read'], allowedModels: ['m'] })
    const string = randomBytes(20).toString('hex')
    const line = {
      name: 'moved in',
      secretSha256: createHash('sha256').update(string).digest('hex'),
      policyIds: [policy],
    }
    const { body } = await ask(service, 'POST', '/v1/keys/import?entropyBits=128', {
      body: JSON.stringify(line),
      headers: { 'content-type': 'application/x-ndjson' },
    })
    expect(body).toMatchObject({ imported: 1 })
    const question = { permissions: ['jobs:read'], model: 'm' }
    expect(await codeOf(string, question)).toBe('valid')
    await updatePolicy(policy, { allowedModels: [] })
    expect(await codeOf(string, question)).toBe('model_not_allowed')
    expect((await ask(service, 'GET', `/v1/policies/${policy}`)).body.keys).toBe(1)
  })

  test('is kept by a rotation', async () => {
    const policy = await createPolicy({ permissions: ['jobs:read'] })
    const { key } = await createKey(service, { policyIds: [policy] })
    const { body } = await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, { body: {} })
    expect(body.key.policyIds).toEqual([policy])
    expect(await codeOf(body.secret, { permissions: ['jobs:read'] })).toBe('valid')
  })
})

test('a key whose policy is lost is never valid: nobody can say what it may do', async () => {
  const lost = await startService()
  const { body: policy } = await ask(lost, 'POST', '/v1/policies', { body: { name: 'p' } })
  const { key, secret } = await createKey(lost, { policyIds: [policy.id] })
  expect((await verify(lost, secret)).code).toBe('valid')
  const db = new Database(join(lost.dataDir, 'keysmith.db'))
  db.pragma('foreign_keys = OFF')
  db.prepare('DELETE FROM policies').run()
  db.close()
  lost.deps.rowCache.drop({ kind: 'key', id: key.id })
  for (let times = 0; times < 2; times += 1) {
    const { status, body } = await ask(lost, 'POST', '/v1/verify', { body: { secret } })
    expect([status, body.code]).toEqual([500, 'internal'])
    expect(body.valid).toBeUndefined()
  }
  const rotated = await ask(lost, 'POST', `/v1/keys/${key.id}/rotate`, { body: {} })
  expect([rotated.status, rotated.body.secret]).toEqual([500, undefined])
})

describe('a project', () => {
  test('limits by default the keys that have no limit of the kind, with the next request', async () => {
    const project = await createProject()
    const policy = await createPolicy({
      project,
      rateLimits: { requests: { limit: 2, windowSeconds: 3600 } },
    })
    const plain = await createKey(service, { project })
    const covered = await createKey(service, { project, policyIds: [policy] })
    const codes = async (secret: string) => [await codeOf(secret), await codeOf(secret)]
    expect(await codes(plain.secret)).toEqual(['valid', 'valid'])
    await updateProject(project, {
      defaultRateLimits: { requests: { limit: 1, windowSeconds: 3600 } },
    })
    expect(await codes(plain.secret)).toEqual(['valid', 'rate_limited'])
    expect(await codes(covered.secret)).toEqual(['valid', 'valid'])
    expect((await getKey(plain.key.id)).effective.rateLimits).toMatchObject([
      { source: { kind: 'project', id: project }, limit: 1 },
    ])
    expect((await getKey(plain.key.id)).rateLimits).toEqual({})
    await updateProject(project, { defaultRateLimits: {} })
    expect(await codeOf(plain.secret)).toBe('valid')
  })
})

/** Statuses by way of the list and by way of the key must be what a verification says. */
async function expectStatus(key: string, secret: string, status: 'active' | 'expired') {
  expect(await codeOf(secret)).toBe(status === 'active' ? 'valid' : 'expired')
  expect((await getKey(key)).status).toBe(status)
  for (const wanted of ['active', 'expired'] as const) {
    const { body } = await ask(service, 'GET', `/v1/keys?limit=200&status=${wanted}`)
    const isListed = body.items.some(({ id }: { id: string }) => id === key)
    expect(isListed).toBe(wanted === status)
  }
}

describe.each(['policy', 'project'] as const)('a longest lifetime of a %s', (kind) => {
  async function make() {
    const project = await createProject()
    const policy = await createPolicy({ project })
    const made = await createKey(service, { project, policyIds: [policy], ...FOR_EVER })
    const set = (maxLifetimeSeconds: number | null) =>
      kind === 'policy'
        ? updatePolicy(policy, { maxLifetimeSeconds })
        : updateProject(project, { maxLifetimeSeconds })
    return { id: made.key.id, secret: made.secret, set }
  }

  test('ends the key to the millisecond, counted from its creation', async () => {
    const { id, secret, set } = await make()
    clock = NOW + 30_000
    await set(60)
    const { expiresAt, effective } = await getKey(id)
    expect((await verify(service, secret)).key.expiresAt).toBe(effective.expiresAt)
    expect([expiresAt, effective.expiresAt]).toEqual([null, new Date(NOW + 60_000).toISOString()])
    for (const [at, status] of [
      [NOW + 59_999, 'active'],
      [NOW + 60_000, 'expired'],
      [NOW + 60_001, 'expired'],
    ] as const) {
      clock = at
      await expectStatus(id, secret, status)
    }
  })

  test('holds with the next request when it is set, lengthened and lifted', async () => {
    const { id, secret, set } = await make()
    clock = NOW + 10 * DAY_SECONDS * 1000
    await expectStatus(id, secret, 'active')
    await set(10 * DAY_SECONDS)
    await expectStatus(id, secret, 'expired')
    await set(10 * DAY_SECONDS + 1)
    await expectStatus(id, secret, 'active')
    await set(60)
    await expectStatus(id, secret, 'expired')
    await set(null)
    await expectStatus(id, secret, 'active')
  })
})
