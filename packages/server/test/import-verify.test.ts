import { randomBytes } from 'node:crypto'
import { generateKey } from '@keysmith/key-format'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { importTag } from '../src/keys/imported-digest.ts'
import type { Pepper } from '../src/keys/pepper.ts'
import type { KeyStore } from '../src/store/key-store.ts'
import {
  codeOf,
  createProject,
  FAST,
  foreignString,
  importLines,
  importOne,
  lineOf,
  SLOW,
  sha256,
} from './_import.ts'
import {
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
  verify,
} from './_service.ts'

// How strings of any shape are found: by what is kept of them, in the scope that may hold them, with
// Argon2id where nobody vouches for them, and never later than a change.

/** Makes the next read go to the database. */
const coolCache = (service: TestService) =>
  service.deps.rowCache.drop({ kind: 'project', id: 'all' })

const verifierOf = async (service: TestService, project: string) =>
  (await createToken(service, { permissions: ['keys:verify'], project })).secret

/** Every method of the store that is called from now on, in order; last uses are written by a timer. */
function watchCalls({ deps }: TestService): { calls: string[]; during: typeof during } {
  const calls: string[] = []
  const methods = Object.entries(deps.store) as [keyof KeyStore, unknown][]
  for (const [name, method] of methods) {
    if (typeof method !== 'function' || name === 'recordUses') continue
    Object.assign(deps.store, {
      [name]: (...args: unknown[]) => {
        calls.push(name)
        return method(...args)
      },
    })
  }
  async function during(run: () => Promise<unknown>): Promise<string[]> {
    calls.length = 0
    await run()
    return [...calls]
  }
  return { calls, during }
}

describe('what a verification costs', () => {
  const unparsable = foreignString()
  const absent = generateKey({ brand: 'ks', kind: 'live' }).secret

  test('where no key is imported: no database work for a malformed string, one read for any other', async () => {
    const service = await startService()
    const { secret } = await createKey(service)
    await verify(service, secret)
    coolCache(service)
    await verify(service, unparsable)
    const { during } = watchCalls(service)
    expect(await during(() => verify(service, secret))).toEqual(['findForVerification'])
    expect(await during(() => verify(service, secret))).toEqual([])
    expect(await during(() => verify(service, absent))).toEqual(['findForVerification'])
    expect(await during(() => verify(service, unparsable))).toEqual([])
  })

  test('the same in the other projects of an installation that has imported keys', async () => {
    const service = await startService()
    const project = await createProject(service, 'without')
    const token = await verifierOf(service, project)
    const { secret } = await createKey(service, { project })
    const imported = foreignString()
    await importOne(service, imported, { query: FAST })
    await verify(service, unparsable, {}, token)
    const { during } = watchCalls(service)
    const costOf = (presented: string) => during(() => verify(service, presented, {}, token))
    expect(await costOf(secret)).toEqual(['findForVerification'])
    expect(await costOf(secret)).toEqual([])
    expect(await costOf(absent)).toEqual(['findForVerification'])
    expect(await costOf(unparsable)).toEqual([])
    expect(await costOf(imported)).toEqual([])
  })

  test('where keys are imported: a secret of ours costs what it did, any other is looked up', async () => {
    const service = await startService()
    const { secret } = await createKey(service)
    const imported = foreignString()
    await importOne(service, imported, { query: FAST })
    await verify(service, unparsable)
    const { during } = watchCalls(service)
    expect(await during(() => verify(service, secret))).toEqual(['findForVerification'])
    expect(await during(() => verify(service, secret))).toEqual([])
    const lookup = ['findImportedByDigest', 'findImportedByTag']
    expect(await during(() => verify(service, unparsable))).toEqual(lookup)
    expect(await during(() => verify(service, absent))).toEqual(['findForVerification', ...lookup])
    expect(await during(() => verify(service, imported))).toEqual([
      'findImportedByDigest',
      'findForVerification',
    ])
    expect(await during(() => verify(service, imported))).toEqual([])
  })
})

test('strings that cannot be imported ones are malformed, all others unknown, and none breaks it', async () => {
  const service = await startService()
  const longest = 'é'.repeat(512)
  await importOne(service, longest, { query: FAST })
  await importOne(service, 'a\ufffdb', { query: FAST })
  await importOne(service, 'nul\u0000nul', { query: FAST })
  expect(await codeOf(service, longest)).toBe('valid')
  expect(await codeOf(service, 'a\ufffdb')).toBe('valid')
  expect(await codeOf(service, 'nul\u0000nul')).toBe('valid')
  const malformed = ['', 'x'.repeat(1025), `${longest}x`, 'é'.repeat(513), 'x'.repeat(15_000)]
  // As UTF-8 each of these is the same as the second string above.
  const lone = ['a\ud800b', 'a\udfffb', 'a\udc00b']
  for (const string of [...malformed, ...lone]) {
    expect(await codeOf(service, string), JSON.stringify(string.slice(0, 20))).toBe('malformed')
  }
  const unknown = [
    'x',
    ' ',
    '\u0000',
    'nul',
    'x'.repeat(1024),
    '💥'.repeat(256),
    `${longest} `.slice(1),
  ]
  for (const string of [
    ...unknown,
    'NUL\u0000nul',
    "' OR 1=1 --",
    '__proto__',
    service.rootToken,
  ]) {
    expect(await codeOf(service, string), JSON.stringify(string.slice(0, 20))).toBe('unknown')
  }
})

test.each([FAST, SLOW])(
  'outside of its project a string is unknown, also while it is in every cache (%s)',
  async (query) => {
    const service = await startService()
    const [home, other] = [
      await createProject(service, 'home'),
      await createProject(service, 'other'),
    ]
    const [insider, outsider] = [await verifierOf(service, home), await verifierOf(service, other)]
    const string = foreignString()
    const id = await importOne(service, string, { query: `${query || '?'}&project=home` })
    expect(await codeOf(service, string, outsider)).toBe('malformed')
    await importOne(service, foreignString(), { query: `${query || '?'}&project=other` })
    expect(await codeOf(service, string, outsider)).toBe('unknown')
    expect(await codeOf(service, string, insider)).toBe('valid')
    expect(await codeOf(service, string, outsider)).toBe('unknown')
    coolCache(service)
    expect(await codeOf(service, string, outsider)).toBe('unknown')
    expect((await verify(service, string)).key.id).toBe(id)
  },
)

test('a key of a deleted project is unknown', async () => {
  const service = await startService()
  const project = await createProject(service, 'gone')
  const string = foreignString()
  const id = await importOne(service, string, { query: '?project=gone' })
  expect(await codeOf(service, string)).toBe('valid')
  await ask(service, 'POST', `/v1/keys/${id}/revoke`, { body: {} })
  await ask(service, 'PATCH', `/v1/projects/${project}`, { body: { deletionProtection: false } })
  expect((await ask(service, 'DELETE', `/v1/projects/${project}`)).status).toBe(204)
  expect(await codeOf(service, string)).toBe('unknown')
})

describe('Argon2id', () => {
  /** Two strings whose 16 bits are the same: the tag is no proof. */
  function collidingStrings({ deps: { peppers } }: TestService): [string, string] {
    const seen = new Map<number, string>()
    for (;;) {
      const string = foreignString()
      const tag = importTag(peppers, peppers.primaryId, sha256(string))
      const other = seen.get(tag)
      if (other !== undefined) return [other, string]
      seen.set(tag, string)
    }
  }

  test('tells strings of one tag apart', async () => {
    const service = await startService()
    const [one, other] = collidingStrings(service)
    const first = await importOne(service, one, { query: SLOW })
    expect(await codeOf(service, other)).toBe('unknown')
    const second = await importOne(service, other, { query: SLOW })
    expect((await verify(service, one)).key.id).toBe(first)
    expect((await verify(service, other)).key.id).toBe(second)
  })

  test('runs once a minute for a string, and never for one without a candidate', async () => {
    const service = await startService()
    const string = foreignString()
    await importOne(service, string, { query: SLOW })
    const run = vi.spyOn(service.deps.imported.hashing, 'run')
    for (let count = 0; count < 3; count += 1) {
      coolCache(service)
      expect(await codeOf(service, string)).toBe('valid')
    }
    expect(run).toHaveBeenCalledTimes(1)
    await importOne(service, foreignString(), { query: FAST })
    for (let count = 0; count < 20; count += 1) await codeOf(service, foreignString())
    // One in 65,536 shares the tag by chance.
    expect(run.mock.calls.length).toBeLessThanOrEqual(2)
  })

  test('a change is never seen later for what is remembered', async () => {
    const service = await startService()
    const string = foreignString()
    const id = await importOne(service, string, { query: SLOW })
    expect(await codeOf(service, string)).toBe('valid')
    for (const [action, code] of [
      ['disable', 'disabled'],
      ['enable', 'valid'],
      ['revoke', 'revoked'],
    ] as const) {
      const body = action === 'revoke' ? { body: {} } : {}
      await ask(service, 'POST', `/v1/keys/${id}/${action}`, body)
      expect(await codeOf(service, string)).toBe(code)
      coolCache(service)
      expect(await codeOf(service, string)).toBe(code)
    }
  })

  test('when too many wait the answer is 503 and no verdict; all else goes on', async () => {
    const service = await startService()
    const [slow, fast] = [foreignString(), foreignString()]
    await importOne(service, slow, { query: SLOW })
    await importOne(service, fast, { query: FAST })
    const { secret } = await createKey(service)
    const { promise, resolve } = Promise.withResolvers<void>()
    const { hashing } = service.deps.imported
    const held = Array.from({ length: 34 }, () => hashing.run(() => promise))
    onTestFinished(() => resolve())

    const answer = await ask(service, 'POST', '/v1/verify', { body: { secret: slow } })
    expect([answer.status, answer.body.code]).toEqual([503, 'overloaded'])
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.text).not.toContain('valid')
    expect(await codeOf(service, secret)).toBe('valid')
    expect(await codeOf(service, fast)).toBe('valid')
    expect(await codeOf(service, foreignString())).toBe('unknown')
    // An import has its own place: what waits for verdicts does not stop it.
    expect((await importLines(service, [lineOf(foreignString())])).body.imported).toBe(1)
    resolve()
    await Promise.all(held)
    expect(await codeOf(service, slow)).toBe('valid')
  })
})

test('strings are found under whichever pepper they were stored', async () => {
  const dataDir = tempFolder()
  const pepper = (id: string, state: Pepper['state'], key: Buffer): Pepper => ({
    ...{ id, state, created: '2026-01-01T00:00:00.000Z' },
    key: key.toString('base64'),
  })
  const [old, present] = [randomBytes(32), randomBytes(32)]
  const start = async (peppers: Pepper[], options: { closeItself: boolean }) => {
    const rootToken = generateKey({ brand: 'ks', kind: 'root' }).secret
    const keyset = JSON.stringify({ format: 'keysmith-pepper/1', peppers })
    const secrets = { pepper: keyset, bootstrapToken: rootToken }
    return { ...(await startService({ config: { dataDir }, secrets, ...options })), rootToken }
  }
  const before = await start([pepper('old', 'primary', old)], { closeItself: false })
  const [fast, slow, later] = [foreignString(), foreignString(), foreignString()]
  const ids = [
    await importOne(before, fast, { query: FAST }),
    await importOne(before, slow, { query: SLOW }),
  ]
  await before.close()

  const peppers = [pepper('old', 'enabled', old), pepper('new', 'primary', present)]
  const after = await start(peppers, { closeItself: true })
  ids.push(await importOne(after, later, { query: SLOW }))
  const strings = [fast, slow, later]
  const verdicts = await Promise.all(strings.map((string) => verify(after, string)))
  expect(verdicts.map(({ key }) => key.id)).toEqual(ids)
  for (const query of [FAST, SLOW]) {
    const lines = strings.map((string) => lineOf(string))
    const { body } = await importLines(after, lines, { query })
    expect(body).toMatchObject({ imported: 0, existing: 3, refused: 0 })
  }
})

test('a remembered string of another project looks like any string that is no secret', async () => {
  const service = await startService()
  const string = foreignString()
  const other = await verifierOf(service, await createProject(service, 'other'))
  await importOne(service, string, { query: FAST })
  expect(await codeOf(service, string)).toBe('valid')
  const [remembered, junk] = [
    await verify(service, string, {}, other),
    await verify(service, foreignString(), {}, other),
  ]
  expect(remembered).toEqual(junk)
  expect(junk.code).toBe('malformed')
})

test('a string that is not well formed is not another one with the same UTF-8', async () => {
  const service = await startService()
  const string = `${foreignString()}\ufffd`
  await importOne(service, string, { query: FAST })
  expect(await codeOf(service, string)).toBe('valid')
  expect(await codeOf(service, string.replace('\ufffd', '\ud800'))).toBe('malformed')
})
