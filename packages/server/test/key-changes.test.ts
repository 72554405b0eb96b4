import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { ask, createKey, startService, type TestService, verify } from './_service.ts'

const NOW = Date.UTC(2026, 5, 1)
const iso = (at: number) => new Date(at).toISOString()

async function startAt(now = NOW) {
  const clock = { now }
  const service = await startService({ now: () => clock.now })
  return { service, clock }
}

const change = (service: TestService, id: string, verb: string, body?: object) =>
  ask(service, 'POST', `/v1/keys/${id}/${verb}`, body === undefined ? {} : { body })
const update = (service: TestService, id: string, body: object, ifMatch?: string) =>
  ask(service, 'PATCH', `/v1/keys/${id}`, {
    body,
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
  })
const codeOf = async (service: TestService, secret: string) => (await verify(service, secret)).code

async function events(service: TestService, id: string) {
  const { body } = await ask(service, 'GET', `/v1/audit-events?target=${id}`)
  return body.items
}

describe('revocation', () => {
  test('later: the key works until then, and never after', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    const answer = await change(service, key.id, 'revoke', { afterSeconds: 60, reason: 'moved' })
    expect(answer.body).toMatchObject({
      status: 'active',
      revoked: { at: iso(NOW + 60_000), reason: 'moved' },
    })
    clock.now = NOW + 59_999
    expect(await codeOf(service, secret)).toBe('valid')
    clock.now = NOW + 60_000
    expect(await codeOf(service, secret)).toBe('revoked')
    expect((await ask(service, 'GET', `/v1/keys/${key.id}`)).body.status).toBe('revoked')
  })

  test('again: it brings the end nearer or changes nothing, and succeeds', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    const first = await change(service, key.id, 'revoke', { afterSeconds: 60, reason: 'first' })
    const later = await change(service, key.id, 'revoke', { afterSeconds: 61, reason: 'later' })
    expect([later.status, later.body]).toEqual([200, first.body])
    expect(await events(service, key.id)).toHaveLength(2)
    const nearer = await change(service, key.id, 'revoke', { reason: 'nearer' })
    expect(nearer.body.revoked).toMatchObject({ at: iso(NOW), reason: 'nearer' })
    expect(await codeOf(service, secret)).toBe('revoked')
    clock.now += 1000
    const again = await change(service, key.id, 'revoke', { reason: 'again' })
    expect([again.status, again.body]).toEqual([200, nearer.body])
    expect(await events(service, key.id)).toHaveLength(3)
  })

  test('of a protected key needs the override; disabling it does not', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service, { deletionProtection: true })
    const refused = await change(service, key.id, 'revoke', {})
    expect([refused.status, refused.body.code]).toEqual([409, 'deletion_protected'])
    expect(await codeOf(service, secret)).toBe('valid')
    expect((await change(service, key.id, 'disable')).body.enabled).toBe(false)
    expect(await codeOf(service, secret)).toBe('disabled')
    const forced = await change(service, key.id, 'revoke', { overrideProtection: true })
    expect(forced.body.status).toBe('revoked')
    const [newest] = await events(service, key.id)
    expect(newest).toMatchObject({ action: 'key.revoked', details: { overrideProtection: true } })
  })

  test('of a key whose protection was switched off needs no override', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service, { deletionProtection: true })
    await update(service, key.id, { deletionProtection: false })
    expect((await change(service, key.id, 'revoke', {})).body.status).toBe('revoked')
  })

  test('ends every change: a revoked key is not updated, enabled or disabled', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service)
    await change(service, key.id, 'revoke', {})
    const answers = [
      await update(service, key.id, { name: 'other' }),
      await change(service, key.id, 'disable'),
      await change(service, key.id, 'enable'),
    ]
    for (const { status, body } of answers) {
      expect([status, body.code, body.keyId]).toEqual([409, 'key_revoked', key.id])
    }
  })
})

test('a disabled key is refused by the next request and works again when it is enabled', async () => {
  const { service } = await startAt()
  const { key, secret } = await createKey(service)
  expect(await codeOf(service, secret)).toBe('valid')
  for (const [verb, code, enabled] of [
    ['disable', 'disabled', false],
    ['enable', 'valid', true],
  ] as const) {
    for (const time of ['first', 'second']) {
      const { status, body } = await change(service, key.id, verb)
      expect([time, status, body.enabled]).toEqual([time, 200, enabled])
      expect(await codeOf(service, secret)).toBe(code)
    }
  }
  const actions = (await events(service, key.id)).map((event: { action: string }) => event.action)
  expect(actions).toEqual(['key.enabled', 'key.disabled', 'key.created'])
})

describe('an update', () => {
  test('changes what it names and keeps the rest', async () => {
    const { service, clock } = await startAt()
    const { key } = await createKey(service, { owner: 'team', tags: { a: '1' } })
    const before = (await ask(service, 'GET', `/v1/keys/${key.id}`)).body
    clock.now += 1
    const { body } = await update(service, key.id, { description: 'new', tags: {} })
    expect(body).toEqual({ ...before, description: 'new', tags: {}, updatedAt: iso(clock.now) })
    const [newest] = await events(service, key.id)
    expect(newest).toMatchObject({
      action: 'key.updated',
      details: { fields: ['description', 'tags'] },
    })
  })

  test('with If-Match succeeds only on the record that was read', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service)
    const read = (await ask(service, 'GET', `/v1/keys/${key.id}`)).headers.etag as string
    const first = await update(service, key.id, { name: 'first' }, read)
    expect(first.status).toBe(200)
    expect(first.headers.etag).not.toBe(read)
    const stale = await update(service, key.id, { name: 'stale' }, read)
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed'])
    await change(service, key.id, 'rotate', {})
    const etag = String(first.headers.etag)
    expect((await update(service, key.id, { name: 'stale' }, etag)).status).toBe(412)
    const present = (await ask(service, 'GET', `/v1/keys/${key.id}`)).headers.etag as string
    expect((await update(service, key.id, { name: 'any' }, '*')).status).toBe(200)
    expect((await update(service, key.id, { name: 'list' }, `"0", ${present}`)).status).toBe(412)
    const name = (await ask(service, 'GET', `/v1/keys/${key.id}`)).body.name
    expect(name).toBe('any')
  })

  test('of many with the same If-Match exactly one succeeds', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service)
    const etag = (await ask(service, 'GET', `/v1/keys/${key.id}`)).headers.etag as string
    const names = Array.from({ length: 20 }, (_, index) => `name-${index}`)
    const answers = await Promise.all(names.map((name) => update(service, key.id, { name }, etag)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    for (const { status } of answers) expect([200, 409, 412]).toContain(status)
    const { body } = await ask(service, 'GET', `/v1/keys/${key.id}`)
    expect(body.name).toBe(won[0]?.body.name)
    expect(await events(service, key.id)).toHaveLength(2)
  })

  test('never touches a secret: the stored digests are the same bytes (R31)', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service)
    const rotated = await change(service, key.id, 'rotate', {})
    const db = new Database(join(service.dataDir, 'keysmith.db'), { readonly: true })
    const digests = db.prepare(
      'SELECT version, hex(digest) AS digest, pepper_id, ends_at FROM secrets ORDER BY version',
    )
    const before = digests.all()
    expect(before).toHaveLength(2)
    await update(service, key.id, {
      name: 'renamed',
      permissions: ['a', 'b:*'],
      expiresInDays: 3,
      rotation: { everySeconds: 3600, overlapSeconds: 1 },
      managedBy: 'terraform',
    })
    await change(service, key.id, 'disable')
    await change(service, key.id, 'enable')
    expect(digests.all()).toEqual(before)
    db.close()
    expect(await codeOf(service, secret)).toBe('valid')
    expect(await codeOf(service, rotated.body.secret)).toBe('valid')
  })
})

describe('a list of keys', () => {
  test('is narrowed by every filter, and pages within it', async () => {
    const { service, clock } = await startAt()
    await ask(service, 'POST', '/v1/projects', { body: { name: 'other' } })
    const bodies = [
      { name: 'plain' },
      { name: 'test', environment: 'test' },
      { name: 'owned', owner: 'team/a' },
      { name: 'managed', managedBy: 'terraform' },
      { name: 'disabled', enabled: false },
      { name: 'future', notBefore: iso(NOW + 3_600_000) },
      { name: 'short', expiresAt: iso(NOW + 1000) },
      { name: 'foreign', project: 'other' },
      { name: 'gone' },
    ]
    const keys = await Promise.all(bodies.map((body) => createKey(service, body)))
    await change(service, keys.at(-1)?.key.id ?? '', 'revoke', {})
    clock.now += 1000
    const list = async (query: string) => {
      const names: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: string = cursor === '' ? '' : `&cursor=${cursor}`
        const { status, body } = await ask(service, 'GET', `/v1/keys?limit=2&${query}${page}`)
        expect(status).toBe(200)
        names.push(...body.items.map((key: { name: string }) => key.name))
        cursor = body.nextCursor
      }
      return names.toSorted()
    }
    expect(await list('')).toEqual(bodies.map(({ name }) => name).toSorted())
    expect(await list('name=plain')).toEqual(['plain'])
    expect(await list('environment=test')).toEqual(['test'])
    expect(await list('owner=team%2Fa')).toEqual(['owned'])
    expect(await list('managedBy=terraform')).toEqual(['managed'])
    expect(await list('status=disabled')).toEqual(['disabled'])
    expect(await list('status=not_yet_valid')).toEqual(['future'])
    expect(await list('status=expired')).toEqual(['short'])
    expect(await list('status=revoked')).toEqual(['gone'])
    expect(await list('status=active')).toEqual(
      ['plain', 'test', 'owned', 'managed', 'foreign'].toSorted(),
    )
    expect(await list('project=other')).toEqual(['foreign'])
    expect(await list(`project=${keys[7]?.key.project}`)).toEqual(['foreign'])
    expect(await list('status=active&owner=team%2Fa&environment=test')).toEqual([])
  })

  test('refuses a cursor that it did not give, and a project that is not there', async () => {
    const { service } = await startAt()
    const cursor = Buffer.from('1.x; DROP').toString('base64url')
    const refused = await ask(service, 'GET', `/v1/keys?cursor=${cursor}`)
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request'])
    const absent = await ask(service, 'GET', '/v1/keys?project=none')
    expect([absent.status, absent.body.code]).toEqual([404, 'project_not_found'])
  })
})

test('every change of a key leaves exactly one audit row: who, what, in which request', async () => {
  const { service, clock } = await startAt()
  const { key } = await createKey(service)
  const { id: actorId } = (await ask(service, 'GET', '/v1/whoami')).body
  const changes = [
    ['key.updated', () => update(service, key.id, { permissions: ['a'] })],
    ['key.disabled', () => change(service, key.id, 'disable')],
    ['key.enabled', () => change(service, key.id, 'enable')],
    ['key.rotated', () => change(service, key.id, 'rotate', { overlapSeconds: 60 })],
    ['key.overlap_set', () => change(service, key.id, 'overlap', { overlapSeconds: 0 })],
    ['key.revoked', () => change(service, key.id, 'revoke', { reason: 'leaked' })],
  ] as const
  for (const [index, [action, make]] of changes.entries()) {
    clock.now += 1000
    const answer = await make()
    expect(answer.status).toBe(200)
    const found = await events(service, key.id)
    expect(found).toHaveLength(2 + index)
    expect(found[0]).toMatchObject({
      action,
      at: iso(clock.now),
      actor: { kind: 'token', id: actorId },
      target: { kind: 'key', id: key.id },
      project: key.project,
      requestId: answer.headers['x-request-id'],
    })
    expect(found[0].hash).toMatch(/^[0-9a-f]{64}$/)
  }
  const details = (await events(service, key.id)).map(({ details }: { details: object }) => details)
  expect(details[0]).toEqual({ at: clock.now, reason: 'leaked', overrideProtection: false })
  expect(details[5]).toEqual({ fields: ['permissions'], permissions: { from: [], to: ['a'] } })
})
