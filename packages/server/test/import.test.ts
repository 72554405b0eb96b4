import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { generateKey } from '@keysmith/key-format'
import vectors from '@keysmith/key-format/vectors.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import type { Caller } from '../src/audit/change.ts'
import { importKeys } from '../src/keys/import-keys.ts'
import { StorageUnavailable } from '../src/store/key-store.ts'
import {
  codeOf,
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
import { ask, startService, type TestService } from './_service.ts'

describe('the report', () => {
  test('says of each line what became of it, by its number, and good lines go on', async () => {
    const service = await startService()
    const [first, second] = [foreignString(), foreignString()]
    const { status, body } = await importLines(
      service,
      [lineOf(first, { name: 'one' }), '{"name":', '', lineOf(second), lineOf(first)],
      { query: FAST },
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({ imported: 2, existing: 1, refused: 1 })
    expect(body.lines).toEqual([
      { line: 1, outcome: 'imported', keyId: expect.any(String) },
      { line: 2, outcome: 'refused', code: 'invalid_request', detail: 'This line is not JSON.' },
      { line: 4, outcome: 'imported', keyId: expect.any(String) },
      { line: 5, outcome: 'existing', keyId: body.lines[0].keyId },
    ])
    expect(await codeOf(service, first)).toBe('valid')
    expect(await codeOf(service, second)).toBe('valid')
  })

  const digest = sha256('whatever')
  const native = generateKey({ brand: 'ks', kind: 'live' }).secret
  const own = 'hunter2-of-some-length'
  test.each<[what: string, line: unknown, code: string, paths: string[]]>([
    ['broken JSON', '{"name":"x"', 'invalid_request', []],
    ['no object', '[]', 'invalid_request', ['(body)']],
    ['no digest', { name: 'x' }, 'invalid_request', ['secretSha256']],
    ['no name', { secretSha256: digest }, 'invalid_request', ['name']],
    [
      'upper case',
      { ...lineOf('x'), secretSha256: digest.toUpperCase() },
      'invalid_request',
      ['secretSha256'],
    ],
    [
      'a short digest',
      { ...lineOf('x'), secretSha256: digest.slice(1) },
      'invalid_request',
      ['secretSha256'],
    ],
    ['an unknown field', lineOf('x', { secret: 'marker' }), 'invalid_request', ['secret']],
    ['an id', lineOf('x', { id: '000g40r40m30e20a' }), 'invalid_request', ['id']],
    ['a project', lineOf('x', { project: 'default' }), 'invalid_request', ['project']],
    ['a long start', lineOf('x', { start: 'abcdefghijklm' }), 'invalid_request', ['start']],
    ['a start of two lines', lineOf('x', { start: 'a\nb' }), 'invalid_request', ['start']],
    [
      'an expiry in the past',
      lineOf('x', { expiresAt: '2020-01-01T00:00:00Z' }),
      'invalid_request',
      ['expiresAt'],
    ],
    [
      'a reserved permission',
      lineOf('x', { permissions: ['keys:write'] }),
      'invalid_request',
      ['permissions/0'],
    ],
    [
      'a secret of ours in its name',
      lineOf('x', { name: `was ${native}` }),
      'invalid_request',
      ['name'],
    ],
    ['its own string as name', lineOf(own, { name: own }), 'invalid_request', ['name']],
    [
      'its own string in a note',
      lineOf(own, { description: `old: ${own}\n` }),
      'invalid_request',
      ['description'],
    ],
    [
      'its own string in a label',
      lineOf(own, { metadata: { old: own } }),
      'invalid_request',
      ['metadata'],
    ],
    ['its own string as start', lineOf('short', { start: 'short' }), 'invalid_request', ['start']],
    [
      '__proto__',
      `{"__proto__":{"name":"x"},"name":"x","secretSha256":"${digest}"}`,
      'invalid_request',
      ['__proto__'],
    ],
    [
      'its digest in its name',
      lineOf(own, { name: `sha ${sha256(own).toUpperCase()}` }),
      'invalid_request',
      ['name'],
    ],
    ['16 KiB and more', lineOf('x', { description: 'x'.repeat(16_384) }), 'too_large', []],
  ])('a line with %s is refused alone', async (_what, line, code, paths) => {
    const service = await startService()
    const good = foreignString()
    const { status, body, text } = await importLines(service, [line, lineOf(good)], { query: FAST })
    expect(status).toBe(200)
    expect(body).toMatchObject({ imported: 1, existing: 0, refused: 1 })
    const [refused, imported] = body.lines
    expect(refused).toMatchObject({ line: 1, outcome: 'refused', code })
    expect(refused.detail).toBeTruthy()
    expect((refused.fields ?? []).map(({ path }: { path: string }) => path)).toEqual(paths)
    expect(imported).toMatchObject({ line: 2, outcome: 'imported' })
    for (const submitted of [native, own, 'marker', digest]) expect(text).not.toContain(submitted)
    expect(await listKeys(service)).toHaveLength(1)
    const audit = (await ask(service, 'GET', '/v1/audit-events')).body.items
    expect(
      audit.filter(({ action }: { action: string }) => action === 'key.imported'),
    ).toHaveLength(1)
  })

  test('the digests of the published vectors are refused, each of them', async () => {
    const service = await startService()
    const lines = vectors.valid.map(({ secret }) => lineOf(secret))
    for (const query of [FAST, SLOW]) {
      const { body } = await importLines(service, lines, { query })
      expect(body).toMatchObject({ imported: 0, existing: 0, refused: lines.length })
      for (const { fields } of body.lines) expect(fields[0].path).toBe('secretSha256')
    }
    expect(await listKeys(service)).toEqual([])
  })

  test('a lifetime beyond that of the installation is a violation of its policy', async () => {
    const service = await startService({ config: { keyMaxDays: 30, keyDefaultDays: 30 } })
    const lines = [{ expiresInDays: 31 }, { expiresAt: null }, { expiresInDays: 30 }]
    const { body } = await importLines(
      service,
      lines.map((attributes) => lineOf(foreignString(), attributes)),
      { query: FAST },
    )
    const codes = body.lines.map(({ code }: { code?: string }) => code)
    expect(codes).toEqual(['policy_violation', 'policy_violation', undefined])
  })

  test('a key that names no end lives on as before, or as long as the installation allows', async () => {
    const day = 86_400_000
    for (const [keyMaxDays, ends] of [[null, null] as const, [30, 30 * day] as const]) {
      const now = Date.UTC(2026, 5, 1)
      const config = { keyMaxDays, keyDefaultDays: 7 }
      const service = await startService({ config, now: () => now })
      const { body } = await importLines(service, [lineOf(foreignString())], { query: FAST })
      const { expiresAt } = await getKey(service, body.lines[0].keyId)
      expect(expiresAt).toBe(ends === null ? null : new Date(now + ends).toISOString())
    }
  })

  test('1,000 lines are taken, 1,001 are not, and neither is none', async () => {
    const service = await startService()
    const lines = Array.from({ length: 1001 }, () => lineOf(foreignString()))
    const tooMany = await importLines(service, lines, { query: FAST })
    expect([tooMany.status, tooMany.body.code]).toEqual([400, 'invalid_request'])
    expect(tooMany.body.detail).toContain('at most 1000 lines')
    expect(await listKeys(service)).toEqual([])
    for (const empty of ['', '\r\n\n', ' ']) {
      expect((await importLines(service, [empty])).status).toBe(400)
    }
    const all = await importLines(service, lines.slice(0, 1000), { query: FAST })
    expect(all.body).toMatchObject({ imported: 1000, existing: 0, refused: 0 })
    const again = await importLines(service, lines, { query: FAST })
    expect(again.status).toBe(400)
    const repeated = await importLines(service, lines.slice(0, 1000).toReversed(), { query: FAST })
    expect(repeated.body).toMatchObject({ imported: 0, existing: 1000, refused: 0 })
  })

  test('a body of more than 4 MiB, of another type, or not UTF-8 is refused whole', async () => {
    const service = await startService()
    const post = (payload: Buffer | string, type: string) =>
      ask(service, 'POST', '/v1/keys/import', { body: payload, headers: { 'content-type': type } })
    const line = JSON.stringify(lineOf(foreignString()))
    const large = await post(`${line}\n${' '.repeat(4 * 1024 * 1024)}`, 'application/x-ndjson')
    expect([large.status, large.body.code]).toEqual([413, 'too_large'])
    const json = await post(line, 'application/json')
    expect([json.status, json.body.code]).toEqual([415, 'unsupported_media_type'])
    expect(json.body.detail).toContain('application/x-ndjson')
    for (const type of ['application/x-ndjsonx', 'text/plain', 'application/ndjson']) {
      expect((await post(line, type)).status).toBe(415)
    }
    const binary = await post(
      Buffer.concat([Buffer.from(line), Buffer.from([0xff])]),
      'application/x-ndjson',
    )
    expect([binary.status, binary.body.code]).toEqual([400, 'invalid_request'])
    expect(await listKeys(service)).toEqual([])
  })

  test('windows line ends and a mark of byte order change nothing', async () => {
    const service = await startService()
    const strings = [foreignString(), foreignString()]
    const text = strings.map((string) => JSON.stringify(lineOf(string))).join('\r\n')
    const { body } = await importLines(service, [`\ufeff${text}\r`], { query: FAST })
    expect(body).toMatchObject({ imported: 2, refused: 0 })
  })
})

test('an Idempotency-Key changes nothing: a repetition reports what is there', async () => {
  const service = await startService()
  const options = { query: FAST, headers: { 'idempotency-key': 'import-1' } }
  const lines = [lineOf(foreignString())]
  const first = await importLines(service, lines, options)
  expect(first.body).toMatchObject({ imported: 1, existing: 0 })
  const again = await importLines(service, lines, options)
  expect(again.body).toMatchObject({ imported: 0, existing: 1 })
  expect(again.body.lines[0].keyId).toBe(first.body.lines[0].keyId)
  expect(again.headers['idempotency-replayed']).toBeUndefined()
})

test('a database that is read shows neither the strings nor their digests', async () => {
  const service = await startService()
  const strings = [foreignString(), foreignString()]
  await importOne(service, strings[0]!, { query: FAST })
  await importOne(service, strings[1]!, { query: SLOW })
  const files = readdirSync(service.dataDir).filter((name) => name.startsWith('keysmith.db'))
  expect(files).toContain('keysmith.db-wal')
  for (const file of files) {
    const bytes = readFileSync(join(service.dataDir, file))
    for (const string of strings) {
      const hex = sha256(string)
      for (const trace of [
        Buffer.from(string),
        Buffer.from(hex),
        Buffer.from(hex, 'hex'),
        Buffer.from(hex.toUpperCase()),
      ]) {
        expect(bytes.includes(trace), file).toBe(false)
      }
    }
  }
  expect(service.logLines.join('\n')).not.toContain(sha256(strings[0]!))
})

/** An import over the network. */
function send(service: TestService, address: string, lines: string[], signal?: AbortSignal) {
  return fetch(`${address}/v1/keys/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.rootToken}`,
      'content-type': 'application/x-ndjson',
    },
    body: lines.join('\n'),
    ...(signal ? { signal } : {}),
  })
}

test('an import of slow lines outlasts the timeout of an idle connection', async () => {
  const service = await startService()
  // Sooner than the lines are done; in life it is 10 s, and 1,000 lines take half a minute.
  service.app.server.timeout = 100
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const lines = Array.from({ length: 40 }, () =>
    JSON.stringify(lineOf(randomBytes(8).toString('hex'))),
  )
  const response = await send(service, address, lines)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ imported: 40, refused: 0 })
})

test('an import whose storage fails is an error that says to send it again', async () => {
  const service = await startService()
  const { store } = service.deps
  const insert = store.insertImportedKey
  let count = 0
  store.insertImportedKey = (...args) => {
    count += 1
    return count === 2 ? Promise.reject(new StorageUnavailable('full')) : insert(...args)
  }
  const lines = Array.from({ length: 4 }, () => lineOf(foreignString()))
  const failed = await importLines(service, lines, { query: FAST })
  expect([failed.status, failed.body.code]).toEqual([503, 'storage_unavailable'])
  expect(failed.body.detail).toContain('Send the same import again')
  expect(failed.headers['retry-after']).toBe('1')
  const { body } = await importLines(service, lines, { query: FAST })
  expect(body).toMatchObject({ imported: 1, existing: 3, refused: 0 })
})

test('when the caller hangs up, or the time is over, the lines that are left are not tried', async () => {
  const service = await startService()
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const lines = Array.from({ length: 200 }, () => JSON.stringify(lineOf(foreignString())))
  const caller = new AbortController()
  const sent = send(service, address, lines, caller.signal).catch((error: Error) => error.name)
  while ((await listKeys(service)).length === 0) await setImmediate()
  caller.abort()
  expect(await sent).toBe('AbortError')
  // Imports go one after the other: when this one is answered, the one before has ended.
  const { body } = await importLines(service, [lines[199]!], { query: FAST })
  expect(body).toMatchObject({ imported: 1 })
  expect((await listKeys(service)).length).toBeLessThan(200)

  const late = await importKeys(service.deps, CALLER, {
    lines: [{ line: 1, body: lineOf(foreignString()) }],
    project: undefined,
    entropyBits: 160,
    signal: AbortSignal.abort(),
  })
  expect(late).toMatchObject([{ line: 1, outcome: 'refused', error: { code: 'overloaded' } }])
})

const CALLER: Caller = {
  principal: {
    kind: 'local',
    id: 'local',
    name: 'local',
    permissions: ['keys:import'],
    projectId: null,
    expiresAt: null,
  },
  requestId: null,
  idempotency: null,
}
