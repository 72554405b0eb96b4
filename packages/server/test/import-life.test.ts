import { generateKey } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import {
  auditOf,
  codeOf,
  createProject,
  FAST,
  foreignString,
  getKey,
  importLines,
  importOne,
  lineOf,
  listKeys,
  SLOW,
  sha256,
} from './_import.ts'
import { ask, startService, tempFolder, verify } from './_service.ts'

describe('an imported key', () => {
  test.each([
    ['hmac', FAST, 'hmac'],
    ['argon2id', SLOW, 'argon2id'],
    ['hmac, from 112 bits on', '?entropyBits=112', 'hmac'],
    ['argon2id, below 112 bits', '?entropyBits=111', 'argon2id'],
  ])(
    'has all its attributes, an audit row and a start, and is kept as %s',
    async (_n, query, hashClass) => {
      const service = await startService()
      const string = foreignString()
      const attributes = {
        name: 'billing',
        owner: 'team-billing',
        environment: 'test',
        description: 'from the old system',
        permissions: ['jobs:write'],
        allowedModels: ['small-*'],
        metadata: { team: 'a' },
        tags: { wave: '1' },
        expiresAt: '2099-01-01T00:00:00.000Z',
        rotation: { everySeconds: 3600, overlapSeconds: 60 },
        deletionProtection: true,
      }
      const id = await importOne(service, string, {
        query,
        attributes: { ...attributes, start: 'sk_prod_' },
      })
      const key = await getKey(service, id)
      expect(key).toMatchObject({ ...attributes, imported: true, enabled: true, status: 'active' })
      expect(key.secrets).toMatchObject([{ mintedBy: 'import', start: 'sk_prod_', endsAt: null }])
      const [event, ...more] = await auditOf(service, id)
      expect(more).toEqual([])
      expect(event).toMatchObject({
        action: 'key.imported',
        project: key.project,
        details: {
          name: 'billing',
          permissions: ['jobs:write'],
          secretVersion: key.secretVersion,
          hashClass,
        },
      })
      const verdict = await verify(service, string, {
        permissions: ['jobs:write'],
        model: 'small-1',
      })
      expect(verdict).toMatchObject({
        valid: true,
        key: { id, environment: 'test', name: 'billing' },
      })
      expect(await codeOf(service, string)).toBe('model_required')
      await service.deps.lastUsed.flush()
      expect((await getKey(service, id)).secrets[0].lastUsedAt).not.toBeNull()
    },
  )

  test('a disabled line makes a disabled key', async () => {
    const service = await startService()
    const string = foreignString()
    const id = await importOne(service, string, { query: FAST, attributes: { enabled: false } })
    expect(await codeOf(service, string)).toBe('disabled')
    await ask(service, 'POST', `/v1/keys/${id}/enable`)
    expect(await codeOf(service, string)).toBe('valid')
  })

  test.each([FAST, SLOW])(
    'is refused at once when revoked, with warm caches (%s)',
    async (query) => {
      const service = await startService()
      const string = foreignString()
      const id = await importOne(service, string, { query })
      expect([await codeOf(service, string), await codeOf(service, string)]).toEqual([
        'valid',
        'valid',
      ])
      await ask(service, 'POST', `/v1/keys/${id}/disable`)
      expect(await codeOf(service, string)).toBe('disabled')
      await ask(service, 'POST', `/v1/keys/${id}/enable`)
      expect(await codeOf(service, string)).toBe('valid')
      await ask(service, 'POST', `/v1/keys/${id}/revoke`, { body: {} })
      expect([await codeOf(service, string), await codeOf(service, string)]).toEqual([
        'revoked',
        'revoked',
      ])
      const again = await importLines(service, [lineOf(string)], { query })
      expect(again.body.lines).toEqual([{ line: 1, outcome: 'existing', keyId: id }])
      expect(await codeOf(service, string)).toBe('revoked')
    },
  )

  test.each([FAST, SLOW])('expires at its millisecond (%s)', async (query) => {
    const clock = { now: Date.UTC(2026, 5, 1) }
    const service = await startService({ now: () => clock.now })
    const string = foreignString()
    const expiresAt = new Date(clock.now + 60_000).toISOString()
    await importOne(service, string, { query, attributes: { expiresAt } })
    clock.now += 59_999
    expect(await codeOf(service, string)).toBe('valid')
    clock.now += 1
    expect(await codeOf(service, string)).toBe('expired')
  })

  test.each([FAST, SLOW])(
    'is rotated to a secret of ours with its id, and overlaps (%s)',
    async (query) => {
      const clock = { now: Date.UTC(2026, 5, 1) }
      const service = await startService({ now: () => clock.now })
      const string = foreignString()
      const id = await importOne(service, string, { query })
      expect(await codeOf(service, string)).toBe('valid')
      clock.now += 1000
      const rotate = (body: object) => ask(service, 'POST', `/v1/keys/${id}/rotate`, { body })
      const { body } = await rotate({ overlapSeconds: 60 })
      expect(body.secret).toMatch(new RegExp(`^ks_live_1${id}_`))
      expect(body.key).toMatchObject({
        id,
        imported: false,
        secrets: [{ start: null }, { mintedBy: 'import' }],
      })
      expect([await codeOf(service, string), await codeOf(service, body.secret)]).toEqual([
        'valid',
        'valid',
      ])
      clock.now += 60_000
      expect([await codeOf(service, string), await codeOf(service, body.secret)]).toEqual([
        'expired',
        'valid',
      ])
      const second = await rotate({ overlapSeconds: 0 })
      expect(await codeOf(service, string)).toBe('unknown')
      expect(await codeOf(service, second.body.secret)).toBe('valid')
      // Within the minute in which the string is still remembered.
      const again = await importOne(service, string, { query })
      expect(again).not.toBe(id)
      expect((await verify(service, string)).key.id).toBe(again)
    },
  )

  test('whose string has the form of ours is found by its digest, whatever its brand and kind', async () => {
    const service = await startService()
    for (const kind of ['live', 'test', 'root', 'custom']) {
      const { secret } = generateKey({ brand: 'old', kind })
      expect(await codeOf(service, secret)).toBe('unknown')
      await importOne(service, secret, { query: FAST })
      expect(await codeOf(service, secret)).toBe('valid')
    }
  })

  test('keeps working when somebody takes the id inside its string for a key of his own', async () => {
    const service = await startService()
    const { id, secret } = generateKey({ brand: 'old', kind: 'live' })
    const importedId = await importOne(service, secret, { query: FAST })
    const other = generateKey({ brand: 'ks', kind: 'live', id }).secret
    const project = await createProject(service, 'other')
    const body = { name: 'mine', project, id, secretSha256: sha256(other) }
    expect((await ask(service, 'POST', '/v1/keys', { body })).status).toBe(201)
    expect((await verify(service, secret)).key.id).toBe(importedId)
    expect((await verify(service, other)).key.id).toBe(id)
  })

  test('survives a restart, with both kinds of digest and the precheck of its project', async () => {
    const dataDir = tempFolder()
    const config = { dataDir }
    const before = await startService({ config, closeItself: false })
    const [fast, slow] = [foreignString(), foreignString()]
    const ids = [
      await importOne(before, fast, { query: FAST }),
      await importOne(before, slow, { query: SLOW }),
    ]
    await before.close()
    const after = await startService({ config })
    const found = [await verify(after, fast), await verify(after, slow)]
    expect(found.map(({ code, key }) => [code, key.id])).toEqual(ids.map((id) => ['valid', id]))
    expect((await ask(after, 'GET', '/v1/meta')).body.precheck).toBe('off')
    expect((await importLines(after, [lineOf(fast), lineOf(slow)])).body.existing).toBe(2)
  })
})

describe('the same string', () => {
  test.each([
    [FAST, FAST],
    [SLOW, SLOW],
    [FAST, SLOW],
    [SLOW, FAST],
  ])(
    'is one key, within a request and over two at the same moment (%s, %s)',
    async (one, other) => {
      const service = await startService()
      const lines = [foreignString(), foreignString()].map((string) => lineOf(string))
      const doubled = [...lines, ...lines]
      const answers = await Promise.all([
        importLines(service, doubled, { query: one }),
        importLines(service, doubled, { query: other }),
      ])
      const outcomes = answers.flatMap(({ body }) => body.lines)
      expect(outcomes.filter(({ outcome }) => outcome === 'imported')).toHaveLength(2)
      expect(outcomes.filter(({ outcome }) => outcome === 'existing')).toHaveLength(6)
      expect(new Set(outcomes.map(({ keyId }) => keyId)).size).toBe(2)
      expect(await listKeys(service)).toHaveLength(2)
    },
  )

  test.each([FAST, SLOW])(
    'in another project is refused without a word about where (%s)',
    async (query) => {
      const service = await startService()
      const project = await createProject(service, 'payments')
      const string = foreignString()
      const id = await importOne(service, string, { query })
      const { body, text } = await importLines(service, [lineOf(string)], {
        query: `${query || '?'}&project=payments`,
      })
      expect(body.lines).toMatchObject([{ line: 1, outcome: 'refused', code: 'secret_taken' }])
      const home = (await getKey(service, id)).project
      for (const hint of [id, home, 'default']) expect(text).not.toContain(hint)
      expect((await ask(service, 'GET', `/v1/keys?project=${project}`)).body.items).toEqual([])
    },
  )
})
