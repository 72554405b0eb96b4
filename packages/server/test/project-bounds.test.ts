import { RESERVED_PREFIXES } from '@keysmith/contract'
import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, createKey, startService, type TestService } from './_service.ts'

// What a project says about its keys: how it is set, refused and put on record, and what forms get.

const LISTS = {
  models: ['llama-3.3-70b', 'mistral-*'],
  specialPermissions: [{ name: 'gpu:first', label: 'First in line' }],
}

let service: TestService

beforeAll(async () => {
  service = await startService({ closeItself: false, config: LISTS })
})
afterAll(() => service.close())

const createProject = (body: object = {}) =>
  ask(service, 'POST', '/v1/projects', { body: { name: `p-${generateId()}`, ...body } })
const update = (id: string, body: object) => ask(service, 'PATCH', `/v1/projects/${id}`, { body })
const newestEvent = async (id: string) =>
  (await ask(service, 'GET', `/v1/audit-events?target=${id}&limit=1`)).body.items[0]

const FULL = {
  defaultRateLimits: { requests: { limit: 60, windowSeconds: 60 } },
  defaultQuotas: { tokens: { limit: 1000, period: 'month' } },
  maxLifetimeSeconds: 86_400,
  models: ['a'],
  specialPermissions: [{ name: 'device:priority', label: 'Priority over my device' }],
  allowedDelivery: ['sealed', 'own'],
  reservationExpiry: 'charged',
}
const NONE = {
  defaultRateLimits: {},
  defaultQuotas: {},
  maxLifetimeSeconds: null,
  models: [],
  specialPermissions: [],
  allowedDelivery: null,
  reservationExpiry: 'released',
}

test('a project starts with the lists of the settings, unless its body says otherwise', async () => {
  const { body: first } = await ask(service, 'GET', '/v1/projects/default')
  const { body: plain } = await createProject()
  const { body: own } = await createProject({ models: [], specialPermissions: [] })
  expect(first).toMatchObject({ ...NONE, ...LISTS })
  expect(plain).toMatchObject({ ...NONE, ...LISTS })
  expect(own).toMatchObject(NONE)
})

test('without settings the catalogue holds the priority over a device', async () => {
  const plain = await startService()
  const { body } = await ask(plain, 'GET', '/v1/projects/default')
  expect(body.models).toEqual([])
  expect(body.specialPermissions).toEqual([
    { name: 'device:priority', label: 'Priority over my device' },
  ])
})

test('every bound is set on create, and put on record', async () => {
  const { status, body } = await createProject(FULL)
  expect([status, body]).toEqual([201, expect.objectContaining(FULL)])
  const { details } = await newestEvent(body.id)
  expect(details).toEqual({ name: body.name, brand: 'ks', ...FULL })
})

test('every bound is set and taken away by an update, with old and new value on record', async () => {
  const { body: made } = await createProject(NONE)
  expect((await update(made.id, FULL)).body).toMatchObject(FULL)
  const { details } = await newestEvent(made.id)
  for (const [field, to] of Object.entries(FULL)) {
    expect(details[field]).toEqual({ from: NONE[field as keyof typeof NONE], to })
  }
  expect((await update(made.id, { description: 'x' })).body).toMatchObject(FULL)
  expect((await update(made.id, NONE)).body).toMatchObject(NONE)
})

test('null is a value where it means something, and refused where it does not', async () => {
  const { body: made } = await createProject(FULL)
  for (const field of [
    'defaultRateLimits',
    'defaultQuotas',
    'models',
    'specialPermissions',
    'reservationExpiry',
  ]) {
    const { status, body } = await update(made.id, { [field]: null })
    expect([status, body.fields?.[0].path]).toEqual([400, field])
  }
  expect((await update(made.id, { allowedDelivery: [] })).status).toBe(400)
  expect((await ask(service, 'GET', `/v1/projects/${made.id}`)).body).toEqual(made)
})

test('special permissions are permissions of keys, each once, without a secret', async () => {
  const { body: made } = await createProject()
  const entry = (name: string, label = 'x') => ({ name, label })
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  const wrong: [path: string, list: object[]][] = [
    ...RESERVED_PREFIXES.map((prefix): [string, object[]] => [
      'specialPermissions/1/name',
      [entry('a'), entry(`${prefix}:x`)],
    ]),
    ['specialPermissions/2/name', [entry('a'), entry('b'), entry('a', 'another label')]],
    ['specialPermissions/0/name', [entry('A')]],
    ['specialPermissions/0/label', [entry('a', '')]],
    ['specialPermissions', [entry('a', secret)]],
  ]
  for (const [path, specialPermissions] of wrong) {
    for (const answer of [
      await createProject({ specialPermissions }),
      await update(made.id, { specialPermissions }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
      expect(answer.body.fields[0].path).toBe(path)
    }
  }
  const { body: after } = await ask(service, 'GET', `/v1/projects/${made.id}`)
  expect(after).toEqual(made)
})

describe('a model that the project does not list', () => {
  const warningsOf = async (allowedModels: string[] | null, project = 'default') => {
    const body = { name: 'x', allowedModels, project }
    const made = await ask(service, 'POST', '/v1/keys', { body })
    const { key } = await createKey(service, { project })
    const changed = await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { allowedModels } })
    expect([made.status, changed.status]).toEqual([201, 200])
    expect(made.body.key.allowedModels).toEqual(allowedModels)
    expect(changed.body.allowedModels).toEqual(allowedModels)
    expect(changed.body.warnings).toEqual(made.body.warnings)
    return made.body.warnings
  }

  test.each([
    [['llama-3.3-70b']],
    [['mistral-large', 'mistral-*', 'mistral-l*']],
    [['llama-*', 'm*', '*']],
    [[]],
    [null],
  ])(
    '%j: nothing is said of what is listed, covers a name of the list, or is covered',
    async (models) => {
      expect(await warningsOf(models)).toBeUndefined()
    },
  )

  test('gives a warning that names it, and is kept all the same', async () => {
    const warnings = await warningsOf(['llama-3.3-70b', 'lama-3', 'gpt-*'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^The project does not list: lama-3, gpt-\*\. /)
  })

  test('gives none where the project lists none', async () => {
    const { body: project } = await createProject({ models: [] })
    expect(await warningsOf(['anything'], project.id)).toBeUndefined()
  })

  test('gives none on an update that does not name models', async () => {
    const { key } = await createKey(service, { allowedModels: ['lama-3'] })
    const { body } = await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { owner: 'x' } })
    expect([body.owner, body.warnings]).toEqual(['x', undefined])
  })
})
