import { rmSync } from 'node:fs'
import { parseKey } from '@keysmith/key-format'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, createKey, startService, type TestService, tempFolder, verify } from './_service.ts'

async function createProject(service: TestService, body: Record<string, unknown>) {
  return ask(service, 'POST', '/v1/projects', { body })
}
const update = (service: TestService, id: string, body: object, ifMatch?: string) =>
  ask(service, 'PATCH', `/v1/projects/${id}`, {
    body,
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
  })
const codeOf = async (service: TestService, secret: string) => (await verify(service, secret)).code

describe('a new installation', () => {
  test('has one project, named default, which cannot be deleted by mistake', async () => {
    const service = await startService({ config: { keyBrand: 'acme' } })
    const { body } = await ask(service, 'GET', '/v1/projects')
    expect(body.items).toMatchObject([
      { name: 'default', brand: 'acme', enabled: true, deletionProtection: true },
    ])
    const [{ id }] = body.items
    expect((await createKey(service)).key.project).toBe(id)
    const { items } = (await ask(service, 'GET', `/v1/audit-events?target=${id}`)).body
    expect(items).toMatchObject([
      { action: 'project.created', actor: { kind: 'system', id: 'system' }, requestId: null },
    ])
    const refused = await ask(service, 'DELETE', '/v1/projects/default')
    expect([refused.status, refused.body.code]).toEqual([409, 'deletion_protected'])
  })

  test('gets no second one at the next start, also when it was renamed or deleted', async () => {
    const dataDir = tempFolder()
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const names = async (change?: (service: TestService) => Promise<unknown>) => {
      const service = await startService({ config: { dataDir }, closeItself: false })
      await change?.(service)
      const { body } = await ask(service, 'GET', '/v1/projects')
      await service.close()
      return body.items.map((project: { name: string }) => project.name)
    }
    expect(await names()).toEqual(['default'])
    expect(await names((service) => update(service, 'default', { name: 'main' }))).toEqual(['main'])
    expect(await names()).toEqual(['main'])
    await names(async (service) => {
      await update(service, 'main', { deletionProtection: false })
      await ask(service, 'DELETE', '/v1/projects/main')
    })
    expect(await names()).toEqual([])
  })
})

describe('creating', () => {
  test('a project: it is found by id and by name, and protected unless asked otherwise', async () => {
    const service = await startService()
    const made = await createProject(service, { name: 'payments', description: 'two\nlines' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'payments',
      brand: 'ks',
      enabled: true,
      deletionProtection: true,
    })
    for (const path of [made.body.id, 'payments']) {
      const { body, headers } = await ask(service, 'GET', `/v1/projects/${path}`)
      expect(body).toEqual(made.body)
      expect(headers.etag).toBe('"1"')
    }
    const listed = await ask(service, 'GET', '/v1/projects?name=payments')
    expect(listed.body.items).toEqual([made.body])
  })

  test('a name that is in use is refused, also of two at the same moment', async () => {
    const service = await startService()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => createProject(service, { name: 'payments' })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    const refused = answers.filter(({ status }) => status !== 201)
    for (const { status, body } of refused) {
      expect([status, body.code]).toEqual([409, 'name_taken'])
    }
    const renamed = await update(service, 'payments', { name: 'default' })
    expect([renamed.status, renamed.body.code]).toEqual([409, 'name_taken'])
  })

  test('a project named like the id of another does not get its keys', async () => {
    const service = await startService()
    const { key } = await createKey(service)
    const decoy = await createProject(service, { name: key.project })
    expect(decoy.status).toBe(201)
    const { body } = await ask(service, 'GET', `/v1/projects/${key.project}`)
    expect(body.name).toBe('default')
    const created = await createKey(service, { project: key.project })
    expect(created.key.project).toBe(key.project)
  })

  test('the brand of the documentation is refused', async () => {
    const service = await startService()
    const refusals = [
      await createProject(service, { name: 'docs', brand: 'example' }),
      await update(service, 'default', { brand: 'example' }),
    ]
    for (const { status, body } of refusals) {
      expect([status, body.code, body.fields[0].path]).toEqual([400, 'invalid_request', 'brand'])
    }
    expect((await ask(service, 'GET', '/v1/projects')).body.items).toHaveLength(1)
  })
})

describe('changing', () => {
  test('the brand changes the secrets that are issued from then on, and no others', async () => {
    const service = await startService()
    const { key, secret } = await createKey(service)
    await update(service, 'default', { brand: 'acme' })
    expect(await codeOf(service, secret)).toBe('valid')
    const later = await createKey(service)
    expect(parseKey(later.secret)).toMatchObject({ brand: 'acme' })
    const rotated = await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, { body: {} })
    expect(parseKey(rotated.body.secret)).toMatchObject({ brand: 'acme', id: key.id })
    expect(await codeOf(service, rotated.body.secret)).toBe('valid')
    expect(await codeOf(service, secret)).toBe('valid')
  })

  test('disabling refuses every key with the next request, though all rows are in the cache', async () => {
    const service = await startService()
    await createProject(service, { name: 'other' })
    const keys = await Promise.all(Array.from({ length: 20 }, () => createKey(service)))
    const foreign = await createKey(service, { project: 'other' })
    const codes = () => Promise.all(keys.map(({ secret }) => codeOf(service, secret)))
    expect(new Set(await codes())).toEqual(new Set(['valid']))
    await update(service, 'default', { enabled: false })
    expect(new Set(await codes())).toEqual(new Set(['disabled']))
    expect(await codeOf(service, foreign.secret)).toBe('valid')
    await update(service, 'default', { enabled: true })
    expect(new Set(await codes())).toEqual(new Set(['valid']))
  })

  test('with If-Match succeeds only on the record that was read', async () => {
    const service = await startService()
    const first = await update(service, 'default', { description: 'first' }, '"1"')
    expect([first.status, first.headers.etag]).toEqual([200, '"2"'])
    const stale = await update(service, 'default', { description: 'stale' }, '"1"')
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed'])
    expect((await ask(service, 'GET', '/v1/projects/default')).body.description).toBe('first')
  })
})

describe('deleting', () => {
  test('a project with a usable key is refused; then its keys and its name are free of it', async () => {
    const service = await startService()
    const project = { name: 'short', deletionProtection: false }
    const { id } = (await createProject(service, project)).body
    const { key, secret } = await createKey(service, { project: 'short' })
    const inUse = await ask(service, 'DELETE', '/v1/projects/short')
    expect([inUse.status, inUse.body.code]).toEqual([409, 'project_in_use'])
    expect(await codeOf(service, secret)).toBe('valid')

    await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
    expect(await codeOf(service, secret)).toBe('revoked')
    const deleted = await ask(service, 'DELETE', '/v1/projects/short')
    expect([deleted.status, deleted.text]).toEqual([204, ''])
    expect(await codeOf(service, secret)).toBe('unknown')
    expect((await ask(service, 'GET', `/v1/keys/${key.id}`)).status).toBe(404)
    expect((await ask(service, 'GET', '/v1/keys')).body.items).toEqual([])
    for (const path of [id, 'short']) {
      expect((await ask(service, 'GET', `/v1/projects/${path}`)).status).toBe(404)
      expect((await ask(service, 'DELETE', `/v1/projects/${path}`)).status).toBe(404)
    }
    const again = await createProject(service, project)
    expect(again.status).toBe(201)
    expect(again.body.id).not.toBe(id)
  })

  test('keys that expired do not hold a project', async () => {
    const clock = { now: Date.UTC(2026, 5, 1) }
    const service = await startService({ now: () => clock.now })
    await createProject(service, { name: 'short', deletionProtection: false })
    await createKey(service, { project: 'short', expiresInDays: 1 })
    clock.now += 86_399_999
    expect((await ask(service, 'DELETE', '/v1/projects/short')).status).toBe(409)
    clock.now += 1
    expect((await ask(service, 'DELETE', '/v1/projects/short')).status).toBe(204)
  })

  test('the default project leaves requests without a project nowhere to go', async () => {
    const service = await startService()
    await update(service, 'default', { deletionProtection: false })
    expect((await ask(service, 'DELETE', '/v1/projects/default')).status).toBe(204)
    const refused = await ask(service, 'POST', '/v1/keys', { body: { name: 'homeless' } })
    expect([refused.status, refused.body.code]).toEqual([404, 'project_not_found'])
  })
})

test('every change of a project leaves exactly one audit row: who, what, in which request', async () => {
  const service = await startService()
  const { id: actorId } = (await ask(service, 'GET', '/v1/whoami')).body
  const made = await createProject(service, { name: 'p' })
  const { id } = made.body
  const changes = [
    ['project.created', async () => made, { name: 'p', brand: 'ks' }],
    [
      'project.updated',
      () => update(service, id, { deletionProtection: false, description: 'd' }),
      {
        fields: ['description', 'deletionProtection'],
        deletionProtection: { from: true, to: false },
      },
    ],
    ['project.deleted', () => ask(service, 'DELETE', `/v1/projects/${id}`), { name: 'p' }],
  ] as const
  for (const [index, [action, make, details]] of changes.entries()) {
    const answer = await make()
    const { items } = (await ask(service, 'GET', `/v1/audit-events?target=${id}`)).body
    expect(items).toHaveLength(index + 1)
    expect(items[0]).toMatchObject({
      action,
      actor: { kind: 'token', id: actorId },
      target: { kind: 'project', id },
      project: id,
      requestId: answer.headers['x-request-id'],
      details,
    })
  }
})
