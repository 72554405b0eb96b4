import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import getPort from 'get-port'
import { describe, expect, test } from 'vitest'
import { useCaller } from './_caller.ts'
import { keysmith } from './_process.ts'

const { root, server, settings, run, json } = useCaller()

const ATTESTED = ['--entropy-bits', '128']
let count = 0

/** Writes an input and gives its path. */
function file(content: string | object[]): string {
  const path = join(root, `input-${count++}`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** A string as other systems issue them, and its SHA-256 as they keep it. */
function issued() {
  const secret = `sk_old_${randomBytes(20).toString('hex')}`
  const digest = createHash('sha256').update(secret).digest()
  const as = (encoding: BufferEncoding) => digest.toString(encoding)
  return { secret, hex: as('hex'), base64: as('base64'), base64url: as('base64url') }
}

async function verdictOf(secret: string, ...options: string[]): Promise<string> {
  const { stdout } = await run(['key', 'verify', '--json', ...options], secret)
  return JSON.parse(stdout).code
}

const importFrom = (path: string, ...options: string[]) =>
  run(['key', 'import', '--hashes', path, ...options])

const betterRate = (rateLimitMax: number, rateLimitTimeWindow: number) => ({
  rateLimitEnabled: true,
  rateLimitMax,
  rateLimitTimeWindow,
})

describe('key import --hashes', () => {
  test('takes hex, base64 and base64url, says what became of each line, and can be repeated', async () => {
    const [a, b, c] = [issued(), issued(), issued()]
    const input = file(`${a.hex.toUpperCase()}\n\n${b.base64}\r\nno hash\n${c.base64url}\n`)
    const first = await importFrom(input, ...ATTESTED)
    expect(first).toEqual({
      code: 1,
      stdout:
        'line 4  refused  it is not a SHA-256 in hex, base64 or base64url\nimported 3  existing 0  refused 1\n',
      stderr: '',
    })
    for (const { secret } of [a, b, c]) expect(await verdictOf(secret)).toBe('valid')
    const again = await importFrom(input, ...ATTESTED)
    expect(again.stdout).toContain('imported 0  existing 3  refused 1')
    expect(await json(['key', 'list', '--name', 'imported-5'])).toMatchObject([{ permissions: [] }])
  })

  test('reads rows of Better Auth, also as sqlite3 -json prints them', async () => {
    const [a, b] = [issued(), issued()]
    const row = {
      ...{ id: 'x1', configId: 'default', name: 'ci', start: 'sk_old', prefix: null },
      ...{ referenceId: 'user-1', key: a.base64url, enabled: 1, requestCount: 3 },
      ...{ remaining: 5, refillAmount: 5, refillInterval: 1000 },
      ...{ rateLimitEnabled: 1, expiresAt: '2031-12-01 10:00:00' },
      permissions: JSON.stringify({ files: ['read', 'write'] }),
      metadata: JSON.stringify(JSON.stringify({ plan: 'pro', seats: 3, none: null })),
    }
    const old = { key: b.base64url, userId: 'user-2', name: null, enabled: false, expiresAt: null }
    const notHashed = { ...row, key: a.secret }
    const rows = [row, old, notHashed].map((entry) => JSON.stringify(entry)).join(',\n')
    const { code, stdout, stderr } = await importFrom(file(`[${rows}]\n`), ...ATTESTED)
    expect(code).toBe(1)
    expect(stdout).toBe(
      'line 3  refused  key is not a SHA-256; with disableKeyHashing use --stdin\nimported 2  existing 0  refused 1\n',
    )
    expect(stderr).toBe(
      'keysmith: warning: limits are not taken over (remaining, refillAmount, rateLimitEnabled): 1 line.\n',
    )
    const [ci] = await json(['key', 'list', '--owner', 'user-1'])
    const [disabled] = await json(['key', 'list', '--owner', 'user-2'])
    expect(ci).toMatchObject({
      ...{ name: 'ci', owner: 'user-1', permissions: ['files:read', 'files:write'] },
      ...{ metadata: { plan: 'pro', seats: '3' }, expiresAt: '2031-12-01T10:00:00.000Z' },
      secrets: [{ mintedBy: 'import', start: 'sk_old' }],
    })
    expect(disabled).toMatchObject({ owner: 'user-2', name: 'imported-2', expiresAt: null })
    expect(await verdictOf(a.secret, '--permission', 'files:read')).toBe('valid')
    expect(await verdictOf(b.secret)).toBe('disabled')
  })

  test('reads rows and migrations of Unkey', async () => {
    const [a, b, c] = [issued(), issued(), issued()]
    const rows = [
      {
        ...{ hash: a.base64, start: 'a_start_of_some_length', owner_id: 'o-1', name: 'row' },
        ...{ meta: '{"plan":"free"}', expires: 1_950_000_000_000, enabled: 1, deleted_at_m: null },
      },
      {
        ...{ hash: b.base64, name: 'entry', externalId: 'o-2', meta: { a: 1 }, enabled: true },
        ...{ permissions: ['jobs:read'], roles: '["admin"]' },
      },
      { hash: c.base64, name: 'deleted', deletedAtM: 1_750_000_000_000 },
    ]
    const input = file(rows.map((row) => JSON.stringify(row)).join('\n'))
    const answer = await importFrom(input, ...ATTESTED, '--json')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toMatch(/limits are not taken over \(roles\): 1 line\./)
    const report = JSON.parse(answer.stdout)
    expect(report).toMatchObject({ imported: 2, existing: 0, refused: 1 })
    expect(report.lines[2]).toMatchObject({ line: 3, detail: 'the key was deleted there' })
    const [row, entry] = await Promise.all(
      [0, 1].map((line) => json(['key', 'get', report.lines[line].keyId])),
    )
    expect(row).toMatchObject({
      ...{ name: 'row', owner: 'o-1', metadata: { plan: 'free' } },
      ...{ expiresAt: '2031-10-17T10:40:00.000Z', secrets: [{ start: 'a_start_of_s' }] },
    })
    expect(entry).toMatchObject({ owner: 'o-2', permissions: ['jobs:read'], metadata: { a: '1' } })
    expect(await verdictOf(c.secret)).not.toBe('valid')
  })

  test('a key whose budget is used up there is imported disabled, another one works', async () => {
    const keys = Array.from({ length: 6 }, () => issued())
    const [better, unkey, credits, lite, left, unspent] = keys
    const rows = [
      { key: better?.base64url, name: 'a', remaining: 0, rateLimitEnabled: 0 },
      { hash: unkey?.base64, name: 'b', remaining: '0' },
      { hash: credits?.base64, name: 'c', credits: { remaining: 0 } },
      { token: lite?.hex, key_alias: 'd', max_budget: 5, spend: 5.01 },
      { key: left?.base64url, name: 'e', remaining: 1, rateLimitEnabled: 0 },
      { token: unspent?.hex, key_alias: 'f', max_budget: 5, spend: 4.99 },
    ]
    await importFrom(file(rows), ...ATTESTED)
    const codes = await Promise.all(keys.map(({ secret }) => verdictOf(secret, '--model', 'm')))
    expect(codes).toEqual([...Array(4).fill('disabled'), 'valid', 'valid'])
  })

  test('limits that mean the same are taken over, those that do not are named', async () => {
    const hash = () => issued().base64
    const rows = [
      { hash: hash(), name: 'rest', remaining: 40, ratelimits: '[]' },
      { hash: hash(), name: 'credits', credits: { remaining: '7', refill: null } },
      {
        ...{ hash: hash(), name: 'rate' },
        ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
      },
      { key: issued().base64url, name: 'better', remaining: 9, ...betterRate(100, 86_400_000) },
      { token: issued().hex, key_alias: 'lite', rpm_limit: 60, tpm_limit: '9000' },
    ]
    expect(await importFrom(file(rows), ...ATTESTED)).toMatchObject({ code: 0, stderr: '' })
    const limitsNow = async (name: string) => {
      const [key] = await json(['key', 'list', '--name', name])
      const { rateLimits, quotas } = key
      return { rateLimits, requests: quotas.requests?.limit, period: quotas.requests?.period }
    }
    const rate = (limit: number, windowSeconds: number) => ({ limit, windowSeconds })
    expect(await limitsNow('rest')).toEqual({ rateLimits: {}, requests: 40, period: 'none' })
    expect(await limitsNow('credits')).toMatchObject({ requests: 7 })
    expect(await limitsNow('rate')).toEqual({ rateLimits: { requests: rate(10, 60) } })
    expect(await limitsNow('better')).toMatchObject({
      ...{ requests: 9, rateLimits: { requests: rate(100, 86_400) } },
    })
    expect(await limitsNow('lite')).toEqual({
      rateLimits: { requests: rate(60, 60), tokens: rate(9000, 60) },
    })

    const named = { name: 'a', limit: 10, duration: 60_000, autoApply: false }
    const unlike = [
      { hash: hash(), name: 'refilled', remaining: 4, refill_amount: 10 },
      { hash: hash(), name: 'refilled too', credits: { remaining: 4, refill: { amount: 1 } } },
      { hash: hash(), name: 'named', ratelimits: [named] },
      { hash: hash(), name: 'half', ratelimits: [{ ...named, duration: 1500, autoApply: true }] },
      { key: issued().base64url, name: 'none', ...betterRate(5, 0) },
      { token: issued().hex, key_alias: 'money', max_budget: 5, rpm_limit: 1.5 },
    ]
    const { stderr } = await importFrom(file(unlike), ...ATTESTED)
    expect(stderr).toBe(
      'keysmith: warning: limits are not taken over (remaining, credits, ratelimits, rateLimitEnabled, max_budget, rpm_limit): 6 lines.\n',
    )
    expect(await limitsNow('refilled')).toEqual({ rateLimits: {} })
  })

  test('names limits that are used up, and none where there are none', async () => {
    const limited = [
      { key: issued().base64url, name: 'used up', remaining: 0, rateLimitEnabled: 0 },
      { token: issued().hex, key_alias: 'no budget', max_budget: 0, rpm_limit: null },
      { token: issued().hex, key_alias: 'routes', allowed_routes: ['/chat'], model_max_budget: {} },
      { hash: issued().base64, name: 'rate', ratelimit_limit: 10 },
    ]
    const { stderr } = await importFrom(file(limited), ...ATTESTED)
    expect(stderr).toBe(
      'keysmith: warning: limits are not taken over (remaining, max_budget, allowed_routes, ratelimit_limit): 4 lines.\n',
    )
    const free = [
      { hash: issued().base64, name: 'a', ratelimits: [], roles: '[]', credits: null },
      { key: issued().base64url, name: 'b', remaining: null, rateLimitEnabled: 'f' },
    ]
    expect(await importFrom(file(free), ...ATTESTED)).toMatchObject({ code: 0, stderr: '' })
  })

  test('reads rows of LiteLLM, and never widens the models of a key', async () => {
    const [all, some, group] = [issued(), issued(), issued()]
    const rows = [
      { token: all.hex, key_alias: 'all', models: [], user_id: 'u', blocked: null, tpm_limit: 5 },
      { token: some.hex, key_alias: 'some', models: ['gpt-4o'], expires: '2031-01-01T00:00:00' },
      { token: group.hex, key_alias: 'group', models: ['all-team-models'] },
    ]
    const { code, stdout } = await importFrom(file(rows), ...ATTESTED, '--from', 'litellm')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^line 3 {2}refused {2}models names a group/)
    expect(await verdictOf(all.secret, '--model', 'anything')).toBe('valid')
    expect(await verdictOf(some.secret, '--model', 'gpt-4o')).toBe('valid')
    expect(await verdictOf(some.secret, '--model', 'other')).toBe('model_not_allowed')
  })

  test('reads its own lines; the options of a key are for lines that do not say it', async () => {
    const [a, b] = [issued(), issued()]
    const rows = [
      { secretSha256: a.hex, name: 'own', permissions: ['jobs:read'], expiresAt: null },
      { secretSha256: b.hex, name: 'defaults' },
      { secretSha256: issued().hex, name: 'unknown field', colour: 'red' },
    ]
    const options = ['--permission', 'jobs:write', '--expires-in', '5d', '--tag', 'from=old']
    const { stdout } = await importFrom(file(rows), ...ATTESTED, ...options)
    expect(stdout).toMatch(
      /^line 3 {2}refused {2}.*colour.*\nimported 2 {2}existing 0 {2}refused 1\n$/,
    )
    const [own] = await json(['key', 'list', '--name', 'own'])
    expect(own).toMatchObject({
      permissions: ['jobs:read'],
      expiresAt: null,
      tags: { from: 'old' },
    })
    const [defaults] = await json(['key', 'list', '--name', 'defaults'])
    expect(defaults).toMatchObject({ permissions: ['jobs:write'] })
    expect(Date.parse(defaults.expiresAt)).toBeLessThan(Date.now() + 6 * 86_400_000)
  })

  test('reads lines and arrays with any text that JSON may hold, from any system', async () => {
    const [a, b] = [issued(), issued()]
    const row = (secretSha256: string) => ({ secretSha256, name: 'two\u2028parts' })
    const lines = file(`\ufeff${JSON.stringify(row(a.hex))}\r\n\r\n`)
    expect((await importFrom(lines, ...ATTESTED)).stdout).toMatch(/^imported 1 /)
    const array = file(`\n\n${JSON.stringify([row(b.hex)], null, 2)}\n`)
    expect((await importFrom(array, ...ATTESTED)).stdout).toMatch(/^imported 1 /)
    const name = ['--name', 'two\u2028parts']
    expect(await json(['key', 'list', ...name])).toHaveLength(2)
  })

  test('a field of its own lines is never taken for a remark of the command', async () => {
    const rows = [
      { secretSha256: issued().hex, name: 'a', dropped: 5 },
      { secretSha256: issued().hex, name: 'b', isWeak: true },
    ]
    const { code, stdout, stderr } = await importFrom(file(rows), ...ATTESTED)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(/^line 1 .*dropped: there is no.*\nline 2 .*isWeak: there is no/)
  })

  test('a line that cannot be read is refused alone, and is not repeated in the answer', async () => {
    const good = issued()
    const lines = [
      ...[
        '{"hash": 5}',
        '{"colour": 1}',
        '{ no json',
        '[1]',
        `{"hash":"${good.base64}","enabled":"x"}`,
      ],
      ...[
        `{"hash":"${good.base64}","expires":"soon"}`,
        `{"hash":"${good.base64}","meta":"no json"}`,
      ],
      `{"hash":"${good.base64}","name":"good"}`,
    ]
    const { code, stdout } = await importFrom(file(lines.join('\n')), ...ATTESTED)
    expect(code).toBe(1)
    expect(stdout.split('\n').slice(0, -1)).toEqual([
      'line 1  refused  hash is not a text',
      'line 2  refused  it has none of the columns secretSha256, hash, key and token',
      'line 3  refused  it is no JSON object',
      'line 4  refused  it is not a SHA-256 in hex, base64 or base64url',
      'line 5  refused  enabled is neither true nor false',
      'line 6  refused  expires is not a time',
      'line 7  refused  a field that should hold JSON does not',
      'imported 1  existing 0  refused 7',
    ])
  })

  test('more lines than one request takes are sent in several', async () => {
    const many = Array.from({ length: 2500 }, issued)
    const input = file(many.map(({ hex }) => hex).join('\n'))
    const { code, stdout } = await importFrom(input, ...ATTESTED, '--json')
    const report = JSON.parse(stdout)
    expect({ code, imported: report.imported }).toEqual({ code: 0, imported: 2500 })
    const numbers = report.lines.map(({ line }: { line: number }) => line)
    expect(numbers).toEqual(many.map((_, index) => index + 1))
    expect(await verdictOf(many.at(-1)?.secret ?? '')).toBe('valid')
  })

  test('--dry-run reads everything and needs neither service nor token', async () => {
    const input = file(`${issued().hex}\nno hash\n`)
    const args = ['key', 'import', '--hashes', input, '--dry-run']
    const { code, stdout } = await keysmith(args, {})
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout:
        'line 2  refused  it is not a SHA-256 in hex, base64 or base64url\nreadable 1  refused 1\n',
    })
  })

  test('--dry-run never speaks of keys that were imported, with no good line either', async () => {
    const args = ['key', 'import', '--hashes', file('no hash\n'), '--dry-run']
    const { stdout } = await keysmith(args, {})
    expect(stdout).toMatch(/^line 1 {2}refused .*\nreadable 0 {2}refused 1\n$/)
    const json = JSON.parse((await keysmith([...args, '--json'], {})).stdout)
    expect(json).toMatchObject({ readable: 0, refused: 1, lines: [{ line: 1 }] })
    expect(json).not.toHaveProperty('imported')
  })

  test('a file that is not there, and a service that is not there, are told apart', async () => {
    const absent = await importFrom(join(root, 'nowhere'))
    expect(absent).toMatchObject({ code: 6, stdout: '' })
    expect(absent.stderr).toMatch(/^keysmith: .*nowhere cannot be read \(ENOENT\)\.\n$/)
    const input = file(issued().hex)
    const nobody = { ...settings(), KEYSMITH_ENDPOINT: `http://127.0.0.1:${await getPort()}` }
    const { code, stdout } = await keysmith(['key', 'import', '--hashes', input], nobody)
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect((await run(['key', 'import'])).code).toBe(2)
    expect((await run(['key', 'import', '--stdin', '--hashes', input])).code).toBe(2)
  })
})

describe('key import --stdin', () => {
  test('hashes the strings here, so that they never travel', async () => {
    const { secret } = issued()
    const options = ['--permission', 'jobs:read', ...ATTESTED]
    const { code, stdout, stderr } = await run(['key', 'import', '--stdin', ...options], secret)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'imported 1  existing 0  refused 0\n',
      stderr: '',
    })
    expect(server().output().stdout).not.toContain(secret.slice(7))
    expect(await verdictOf(secret, '--permission', 'jobs:read')).toBe('valid')
  })

  test('refuses what is too short or too long, and warns of what can be guessed', async () => {
    const input = ['a'.repeat(19), 'é'.repeat(513), '1234567890123456789012345'].join('\n')
    const { code, stdout, stderr } = await run(['key', 'import', '--stdin'], input)
    expect(code).toBe(1)
    expect(stdout.split('\n').slice(0, -1)).toEqual([
      'line 1  refused  it has 19 characters, not 20 or more',
      'line 2  refused  it has 1026 bytes, not 1024 or fewer',
      'imported 1  existing 0  refused 2',
    ])
    expect(stderr).toMatch(/^keysmith: warning: fewer than 112 random bits.*: line 3\.\n$/)
  })

  test('takes a string of as many bytes as a verification looks at', async () => {
    const secret = `${issued().secret}${'é'.repeat(488)}x`
    expect(Buffer.byteLength(secret)).toBe(1024)
    const { code } = await run(['key', 'import', '--stdin', ...ATTESTED], secret)
    expect({ code, verdict: await verdictOf(secret) }).toEqual({ code: 0, verdict: 'valid' })
  })

  test('refuses what could not be presented as it was', async () => {
    const input = Buffer.from(
      [`${issued().secret} `, `${issued().secret}\xff`].join('\n'),
      'latin1',
    )
    const answer = await keysmith(['key', 'import', '--stdin'], settings(), { input })
    expect(answer.code).toBe(1)
    expect(answer.stdout.split('\n').slice(0, 2)).toEqual([
      'line 1  refused  it begins or ends with a space',
      'line 2  refused  it is not UTF-8',
    ])
  })

  test('refuses to attest more random bits than a string can have', async () => {
    const { code, stdout } = await run(['key', 'import', '--stdin', ...ATTESTED], '1'.repeat(40))
    expect(code).toBe(1)
    expect(stdout).toMatch(/^line 1 {2}refused {2}it has 0 random bits at most; .*\nimported 0/)
  })
})
