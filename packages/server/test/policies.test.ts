import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, createKey, startService, type TestService } from './_service.ts'

// Policies as records: how they are made, found, changed and deleted, and what is put on record.

const NOW = Date.UTC(2026, 5, 1)

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())

const FULL = {
  description: 'two\nlines',
  permissions: ['jobs:*'],
  allowedModels: ['llama-3*'],
  ipAllowlist: ['203.0.113.7/24', '::ffff:192.0.2.1'],
  rateLimits: { requests: { limit: 60, windowSeconds: 60 } },
  quotas: { tokens: { limit: 1000, period: 'month', onExceed: 'block' } },
  maxLifetimeSeconds: 86_400,
}

async function createPolicy(body: object = {}, headers: Record<string, string> = {}) {
  const named = { name: `p-${generateId()}`, ...body }
  return ask(service, 'POST', '/v1/policies', { body: named, headers })
}
const update = (id: string, body: object, ifMatch?: string) =>
  ask(service, 'PATCH', `/v1/policies/${id}`, {
    body,
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
  })
const eventsOf = async (id: string) =>
  (await ask(service, 'GET', `/v1/audit-events?target=${id}`)).body.items
async function createProject(): Promise<string> {
  const body = { name: `p-${generateId()}`, deletionProtection: false }
  return (await ask(service, 'POST', '/v1/projects', { body })).body.id
}

describe('creating', () => {
  test('gives the policy with its addresses in their normal form, in the default project', async () => {
    const made = await createPolicy({ ...FULL, name: 'developer' })
    expect(made.status).toBe(201)
    const { body: project } = await ask(service, 'GET', '/v1/projects/default')
    const time = new Date(NOW).toISOString()
    expect(made.body).toEqual({
      ...FULL,
      id: expect.stringMatching(/^[0-9a-z]{16}$/),
      name: 'developer',
      project: project.id,
      ipAllowlist: ['203.0.113.0/24', '192.0.2.1/32'],
      keys: 0,
      createdAt: time,
      updatedAt: time,
    })
    const got = await ask(service, 'GET', `/v1/policies/${made.body.id}`)
    expect([got.status, got.headers.etag]).toEqual([200, '"1"'])
    expect(got.body).toEqual(made.body)
  })

  test('without settings gives one that changes nothing', async () => {
    const { body } = await createPolicy()
    expect(body).toMatchObject({
      description: null,
      permissions: [],
      allowedModels: null,
      ipAllowlist: null,
      rateLimits: {},
      quotas: {},
      maxLifetimeSeconds: null,
    })
  })

  test('is put on record with all that carries authority', async () => {
    const { body } = await createPolicy(FULL)
    const { description, ...authority } = FULL
    expect(await eventsOf(body.id)).toMatchObject([
      {
        action: 'policy.created',
        target: { kind: 'policy', id: body.id },
        project: body.project,
        details: { ...authority, name: body.name, ipAllowlist: body.ipAllowlist },
      },
    ])
  })

  test('a name is taken within its project, also of two at the same moment', async () => {
    const name = `p-${generateId()}`
    const answers = await Promise.all(Array.from({ length: 8 }, () => createPolicy({ name })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    for (const { status, body } of answers.filter(({ status }) => status !== 201)) {
      expect([status, body.code]).toEqual([409, 'name_taken'])
    }
    expect((await createPolicy({ name, project: await createProject() })).status).toBe(201)
    const { body: other } = await createPolicy()
    const renamed = await update(other.id, { name })
    expect([renamed.status, renamed.body.code]).toEqual([409, 'name_taken'])
  })

  test('repeated with its idempotency key happens once, and gives the policy as it is now', async () => {
    const headers = { 'idempotency-key': generateId() }
    const name = `p-${generateId()}`
    const first = await createPolicy({ name }, headers)
    await update(first.body.id, { description: 'changed' })
    const second = await createPolicy({ name }, headers)
    expect([second.status, second.headers['idempotency-replayed']]).toEqual([200, 'true'])
    expect(second.body).toMatchObject({ id: first.body.id, description: 'changed' })
    const other = await createPolicy({ name: 'another' }, headers)
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch'])
    expect(await eventsOf(first.body.id)).toHaveLength(2)
  })

  test('a secret in its text, a wrong range and a right on this API are refused', async () => {
    const { secret } = generateKey({ brand: 'ks', kind: 'live' })
    const { body: present } = await createPolicy()
    for (const [path, wrong] of [
      ['name', { name: secret }],
      ['description', { description: `was ${secret}` }],
      ['ipAllowlist/1', { ipAllowlist: ['192.0.2.1', '192.0.2.300'] }],
      ['ipAllowlist', { ipAllowlist: [] }],
      ['permissions/0', { permissions: ['keys:write'] }],
      ['maxLifetimeSeconds', { maxLifetimeSeconds: 59 }],
    ] as const) {
      for (const answer of [await createPolicy(wrong), await update(present.id, wrong)]) {
        expect([answer.status, answer.body.code], path).toEqual([400, 'invalid_request'])
        expect(answer.body.fields[0].path).toBe(path)
        expect(answer.text).not.toContain(secret)
      }
    }
    expect(await eventsOf(present.id)).toHaveLength(1)
  })
})

describe('changing', () => {
  test('keeps what is not named, raises the ETag, and records old and new values', async () => {
    const { body: made } = await createPolicy(FULL)
    clock += 1000
    const changed = await update(
      made.id,
      { allowedModels: null, permissions: ['jobs:read'] },
      '"1"',
    )
    expect([changed.status, changed.headers.etag]).toEqual([200, '"2"'])
    expect(changed.body).toEqual({
      ...made,
      allowedModels: null,
      permissions: ['jobs:read'],
      updatedAt: new Date(clock).toISOString(),
    })
    const [event] = await eventsOf(made.id)
    expect(event).toMatchObject({ action: 'policy.updated' })
    expect(event.details).toEqual({
      fields: ['permissions', 'allowedModels'],
      permissions: { from: ['jobs:*'], to: ['jobs:read'] },
      allowedModels: { from: ['llama-3*'], to: null },
    })
    const stale = await update(made.id, { description: 'late' }, '"1"')
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed'])
    const { body: after } = await ask(service, 'GET', `/v1/policies/${made.id}`)
    expect(after).toEqual(changed.body)
  })

  test('every setting can be set and be taken away', async () => {
    const { body: made } = await createPolicy()
    const { ipAllowlist, ...rest } = FULL
    const set = await update(made.id, { ...rest, ipAllowlist: ['192.0.2.0/24'] })
    expect(set.body).toMatchObject({ ...rest, ipAllowlist: ['192.0.2.0/24'] })
    const none = {
      description: null,
      permissions: [],
      allowedModels: null,
      ipAllowlist: null,
      rateLimits: {},
      quotas: {},
      maxLifetimeSeconds: null,
    }
    expect((await update(made.id, none)).body).toMatchObject(none)
  })
})

describe('deleting', () => {
  test('a policy that no key has: its name is free, and it is nowhere to be found', async () => {
    const { body: made } = await createPolicy()
    const path = `/v1/policies/${made.id}`
    expect((await ask(service, 'DELETE', path)).status).toBe(204)
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await ask(service, method, path)
      expect([answer.status, answer.body.code]).toEqual([404, 'policy_not_found'])
    }
    expect((await update(made.id, { description: 'x' })).status).toBe(404)
    const { body: list } = await ask(service, 'GET', `/v1/policies?name=${made.name}`)
    expect(list.items).toEqual([])
    expect((await createPolicy({ name: made.name })).status).toBe(201)
    const actions = (await eventsOf(made.id)).map(({ action }: { action: string }) => action)
    expect(actions).toEqual(['policy.deleted', 'policy.created'])
  })

  test('is refused while a key has it; a revoked key does not count, and goes on being shown', async () => {
    const { body: policy } = await createPolicy({ permissions: ['jobs:read'] })
    const path = `/v1/policies/${policy.id}`
    const keys = await Promise.all([1, 2].map(() => createKey(service, { policyIds: [policy.id] })))
    expect((await ask(service, 'GET', path)).body.keys).toBe(2)
    const { body: list } = await ask(service, 'GET', `/v1/policies?name=${policy.name}`)
    expect(list.items).toMatchObject([{ id: policy.id, keys: 2 }])
    const [kept, detached] = keys.map(({ key }) => `/v1/keys/${key.id}`) as [string, string]
    const refused = await ask(service, 'DELETE', path)
    expect([refused.status, refused.body.code]).toEqual([409, 'policy_in_use'])
    expect((await ask(service, 'PATCH', detached, { body: { policyIds: [] } })).status).toBe(200)
    expect((await ask(service, 'DELETE', path)).status).toBe(409)
    await ask(service, 'POST', `${kept}/revoke`, { body: {} })
    expect((await ask(service, 'GET', path)).body.keys).toBe(0)
    expect((await ask(service, 'DELETE', path)).status).toBe(204)
    const { status, body } = await ask(service, 'GET', kept)
    expect([status, body.status, body.policyIds]).toEqual([200, 'revoked', [policy.id]])
    expect(body.effective.permissions).toEqual(['jobs:read'])
    expect((await ask(service, 'GET', '/v1/keys?limit=200')).status).toBe(200)
  })

  test('and attaching at the same moment never leaves a key without its policy', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { body: policy } = await createPolicy()
      const [deleted, created] = await Promise.all([
        ask(service, 'DELETE', `/v1/policies/${policy.id}`),
        ask(service, 'POST', '/v1/keys', { body: { name: 'x', policyIds: [policy.id] } }),
      ])
      expect([deleted.status, created.status]).toSatisfy(
        ([gone, made]: number[]) => (gone === 204) !== (made === 201),
      )
    }
  })
})

describe('the policies of a key', () => {
  test('that are absent, deleted or of another project look the same: 400 at their place', async () => {
    const { body: own } = await createPolicy()
    const { body: foreign } = await createPolicy({ project: await createProject() })
    const { body: deleted } = await createPolicy()
    await ask(service, 'DELETE', `/v1/policies/${deleted.id}`)
    const { key } = await createKey(service)
    const texts = new Set<string>()
    for (const id of [foreign.id, deleted.id, generateId(), key.id]) {
      const body = { name: 'x', policyIds: [own.id, id] }
      const line = JSON.stringify({ ...body, secretSha256: 'ab'.repeat(32) })
      const imported = await ask(service, 'POST', '/v1/keys/import?entropyBits=128', {
        body: line,
        headers: { 'content-type': 'application/x-ndjson' },
      })
      const answers = [
        await ask(service, 'POST', '/v1/keys', { body }),
        await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body }),
      ]
      for (const { status, body } of answers) {
        expect([status, body.code]).toEqual([400, 'invalid_request'])
        expect(body.fields).toMatchObject([{ path: 'policyIds/1' }])
        texts.add(JSON.stringify([body.detail, body.fields]))
      }
      const [refused] = imported.body.lines
      expect(refused).toMatchObject({ outcome: 'refused', fields: [{ path: 'policyIds/1' }] })
      texts.add(JSON.stringify([refused.detail, refused.fields]))
    }
    expect(texts.size).toBe(1)
    expect((await ask(service, 'GET', `/v1/policies/${own.id}`)).body.keys).toBe(0)
    expect((await ask(service, 'GET', `/v1/keys/${key.id}`)).body.policyIds).toEqual([])
  })

  test('are at most eight, and each once', async () => {
    const policies = await Promise.all(Array.from({ length: 9 }, () => createPolicy()))
    const ids = policies.map(({ body }) => body.id as string)
    const create = (policyIds: string[]) =>
      ask(service, 'POST', '/v1/keys', { body: { name: 'x', policyIds } })
    expect((await create(ids)).status).toBe(400)
    expect((await create([ids[0] ?? '', ids[0] ?? ''])).status).toBe(400)
    expect((await create(ids.slice(1))).body.key.policyIds).toEqual(ids.slice(1))
  })

  test('are on record when they are given and when they change', async () => {
    const [first, second] = (await Promise.all([createPolicy(), createPolicy()])).map(
      ({ body }) => body.id as string,
    ) as [string, string]
    const { key } = await createKey(service, { policyIds: [first] })
    await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { policyIds: [second] } })
    expect(
      (await eventsOf(key.id)).map(({ details }: { details: object }) => details),
    ).toMatchObject([
      { fields: ['policyIds'], policyIds: { from: [first], to: [second] } },
      { policyIds: [first] },
    ])
  })
})
