import { generateId } from '@keysmith/key-format'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, startService, type TestService } from './_service.ts'

// The longest lifetimes of installation, project and policies, when the end of a key is written.

const NOW = Date.UTC(2026, 5, 1)
const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1000
const days = (count: number) => count * DAY_SECONDS
const inDays = (count: number, extraMs = 0) =>
  new Date(NOW + count * DAY_MS + extraMs).toISOString()

let service: TestService
let strict: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
  const config = { keyMaxDays: 30, keyDefaultDays: 20 }
  strict = await startService({ closeItself: false, now: () => clock, config })
})
beforeEach(() => {
  clock = NOW
})
afterAll(async () => {
  await service.close()
  await strict.close()
})

async function createProject(on: TestService, maxLifetimeSeconds: number | null = null) {
  const body = { name: `p-${generateId()}`, maxLifetimeSeconds }
  const answer = await ask(on, 'POST', '/v1/projects', { body })
  expect(answer.status).toBe(201)
  return answer.body as { id: string; name: string }
}
async function createPolicy(on: TestService, project: string, maxLifetimeSeconds: number | null) {
  const body = { name: `p-${generateId()}`, project, maxLifetimeSeconds }
  return (await ask(on, 'POST', '/v1/policies', { body })).body as { id: string; name: string }
}
const create = (on: TestService, body: object) =>
  ask(on, 'POST', '/v1/keys', { body: { name: 'x', ...body } })
const importOne = async (on: TestService, project: string, body: object) => {
  const secretSha256 = (generateId() + generateId()).replaceAll(/[^0-9a-f]/g, '0').padEnd(64, '0')
  const answer = await ask(on, 'POST', `/v1/keys/import?entropyBits=128&project=${project}`, {
    body: JSON.stringify({ name: 'x', secretSha256, ...body }),
    headers: { 'content-type': 'application/x-ndjson' },
  })
  return answer.body.lines[0]
}
const getKey = async (on: TestService, id: string) => (await ask(on, 'GET', `/v1/keys/${id}`)).body

describe('a key that names no end', () => {
  test.each([
    ['the default days, where nothing is shorter', null, [], 90],
    ['the lifetime of its project', 10, [], 10],
    ['the default days, where its project allows more', 100, [null], 90],
    ['the lifetime of its policy', null, [7], 7],
    ['the shortest of all', 10, [7, 3, null], 3],
  ] as const)('gets %s', async (_what, ofProject, ofPolicies, expected) => {
    const project = await createProject(service, ofProject && days(ofProject))
    const policies = await Promise.all(
      ofPolicies.map((count) => createPolicy(service, project.id, count && days(count))),
    )
    const policyIds = policies.map(({ id }) => id)
    const { status, body } = await create(service, { project: project.id, policyIds })
    expect([status, body.key.expiresAt]).toEqual([201, inDays(expected)])
  })

  test('and is imported lives for ever, or as long as the shortest bound allows', async () => {
    const free = await createProject(service)
    const bounded = await createProject(service, days(200))
    const policy = await createPolicy(service, bounded.id, days(100))
    const expiryOf = async (on: TestService, project: string, body: object = {}) =>
      (await getKey(on, (await importOne(on, project, body)).keyId)).expiresAt
    expect(await expiryOf(service, free.id)).toBeNull()
    expect(await expiryOf(service, bounded.id)).toBe(inDays(200))
    expect(await expiryOf(service, bounded.id, { policyIds: [policy.id] })).toBe(inDays(100))
    expect(await expiryOf(strict, (await createProject(strict)).id)).toBe(inDays(30))
    expect(await expiryOf(strict, (await createProject(strict, days(5))).id)).toBe(inDays(5))
  })
})

describe('an end that is later than a bound', () => {
  test('is refused on create and import, naming the shortest bound and the fix', async () => {
    const project = await createProject(strict, days(20))
    const policy = await createPolicy(strict, project.id, days(10))
    const ofPolicy = `Keys with the policy "${policy.name}" must expire within 10 days of their creation. Set expiresAt to at most ${inDays(10)}.`
    const ofProject = `Keys of the project ${project.name} must expire within 20 days of their creation. Set expiresAt to at most ${inDays(20)}.`
    const ofInstallation =
      'Keys of this installation must expire within 30 days. Set expiresInDays to at most 30.'
    const free = await createProject(strict)
    const cases: [project: string, body: object, detail: string | null][] = [
      [project.id, { expiresAt: inDays(10), policyIds: [policy.id] }, null],
      [project.id, { expiresAt: inDays(10, 1), policyIds: [policy.id] }, ofPolicy],
      [project.id, { expiresInDays: 300, policyIds: [policy.id] }, ofPolicy],
      [project.id, { expiresAt: null, policyIds: [policy.id] }, ofPolicy],
      [project.id, { expiresAt: inDays(20) }, null],
      [project.id, { expiresInDays: 21 }, ofProject],
      [project.id, { expiresAt: null }, ofProject],
      [free.id, { expiresInDays: 30 }, null],
      [free.id, { expiresInDays: 31 }, ofInstallation],
      [free.id, { expiresAt: null }, ofInstallation],
    ]
    for (const [id, body, detail] of cases) {
      const made = await create(strict, { project: id, ...body })
      const line = await importOne(strict, id, body)
      if (detail === null) {
        expect([made.status, line.outcome]).toEqual([201, 'imported'])
        continue
      }
      expect([made.status, made.body.code, made.body.detail]).toEqual([
        ...[422, 'policy_violation', detail],
      ])
      expect(line).toMatchObject({ outcome: 'refused', code: 'policy_violation', detail })
    }
  })

  test('is refused on update, where the lifetime counts from the creation of the key', async () => {
    const project = await createProject(service, days(20))
    const policy = await createPolicy(service, project.id, days(10))
    const { body } = await create(service, { project: project.id, expiresInDays: 5 })
    const path = `/v1/keys/${body.key.id}`
    const update = (change: object) => ask(service, 'PATCH', path, { body: change })
    clock = NOW + 4 * DAY_MS
    expect((await update({ expiresAt: inDays(20) })).status).toBe(200)
    for (const expiry of [
      { expiresAt: inDays(20, 1) },
      { expiresInDays: 17 },
      { expiresAt: null },
    ]) {
      const answer = await update(expiry)
      expect([answer.status, answer.body.code]).toEqual([422, 'policy_violation'])
      expect(answer.body.detail).toContain(`Set expiresAt to at most ${inDays(20)}.`)
    }
    const both = await update({ expiresAt: inDays(20), policyIds: [policy.id] })
    expect([both.status, both.body.code]).toEqual([422, 'policy_violation'])
    expect(both.body.detail).toContain(policy.name)
    // A policy alone needs no other end: its lifetime ends the key by itself.
    const { status, body: after } = await update({ policyIds: [policy.id] })
    expect([status, after.expiresAt, after.effective.expiresAt]).toEqual([
      ...[200, inDays(20), inDays(10)],
    ])
    expect((await update({ description: 'x' })).status).toBe(200)
  })
})

describe('a project under KEYSMITH_KEY_MAX_DAYS', () => {
  test('may be stricter or say nothing, never wider', async () => {
    const { id } = await createProject(strict, days(30))
    const set = (maxLifetimeSeconds: number | null) =>
      ask(strict, 'PATCH', `/v1/projects/${id}`, { body: { maxLifetimeSeconds } })
    expect((await set(days(30) - 1)).status).toBe(200)
    expect((await set(null)).status).toBe(200)
    const name = `p-${generateId()}`
    const answers = [
      await set(days(30) + 1),
      await ask(strict, 'POST', '/v1/projects', {
        body: { name, maxLifetimeSeconds: days(31) },
      }),
    ]
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([422, 'policy_violation'])
      expect(body.detail).toContain('within 30 days')
      expect(body.detail).toContain(`at most ${days(30)}`)
    }
    expect((await ask(strict, 'GET', `/v1/projects/${name}`)).status).toBe(404)
    expect((await ask(strict, 'GET', `/v1/projects/${id}`)).body.maxLifetimeSeconds).toBeNull()
  })
})
