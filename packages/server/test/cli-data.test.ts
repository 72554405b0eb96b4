import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseKey, redactKeys } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './_ledger.ts'
import { keysmith, type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

const MIGRATIONS = readdirSync(
  join(import.meta.dirname, '../src/store/sqlite/migrations'),
).toSorted()
/** The output of a migrate command in which all have one state. */
const listed = (state: string) => MIGRATIONS.map((name) => `${state}  ${name}\n`).join('')

const root = tempFolder()
const dataDir = join(root, 'data')
const run = (args: string[], settings: Record<string, string> = {}) =>
  keysmith(args, { KEYSMITH_DATA_DIR: dataDir, ...settings }, { timeout: 30_000 })

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Nothing that a secret could be read from. */
function expectNoSecret(...outputs: string[]) {
  for (const output of outputs) expect(redactKeys(output)).toBe(output)
}

/** What works on a data folder works alike with the server running and stopped. */
describe.for(['stopped', 'running'])('with the server %s', (state) => {
  let server: RunningServer | undefined

  beforeAll(async () => {
    server = await serve({ dataDir })
    if (state === 'stopped') {
      await ask(server, 'POST', '/v1/keys', { name: 'first' })
      await server.stop()
    }
  })
  afterAll(async () => {
    await server?.stop()
  })

  test('token create gives the secret alone on stdout and the facts on stderr', async () => {
    const args = [
      '--name',
      'ci',
      '--permission',
      'keys:*',
      '--permission',
      'jobs:*',
      '--ttl',
      '90d',
    ]
    const { code, stdout, stderr } = await run(['token', 'create', ...args])
    expect(code).toBe(0)
    const secret = parseKey(stdout.trimEnd())
    expect(secret).toMatchObject({ ok: true, brand: 'ks', kind: 'root' })
    expect(stdout).toMatch(/^\S+\n$/)
    expect(stderr).toMatch(/^id {7}[0-9a-z]{16} {3}keys:\* jobs:\*\nexpires {2}20/)
    expectNoSecret(stderr)
    const listed = await run(['token', 'list', '--json'])
    const [newest] = JSON.parse(listed.stdout)
    expect(newest).toMatchObject({ id: secret.ok && secret.id, name: 'ci', createdBy: 'local' })
    const days = (Date.parse(newest.expiresAt) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(89.9)
    expect(days).toBeLessThanOrEqual(90)
  })

  test('token create --out writes the secret to a new file for its owner only, and prints it nowhere', async () => {
    const out = join(root, `token-${state}`)
    const args = ['token', 'create', '--name', 'file', '--permission', 'keys:read', '--out', out]
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain(`The token is in ${out}.`)
    expectNoSecret(stderr)
    expect(statSync(out).mode & 0o777).toBe(0o600)
    expect(parseKey(readFileSync(out, 'utf8').trimEnd()).ok).toBe(true)
    const json = await run([...args.slice(0, -1), `${out}-2`, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ token: { name: 'file' }, file: `${out}-2` })
    expectNoSecret(json.stdout, json.stderr)
  })

  test('token create refuses a file that exists, and then creates nothing', async () => {
    const out = join(root, `mine-${state}`)
    writeFileSync(out, 'mine')
    const before = (await run(['token', 'list', '--json'])).stdout
    const args = ['token', 'create', '--name', 'no', '--permission', 'keys:read', '--out', out]
    const refused = await run(args)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toBe(
      `keysmith: ${out} exists already; name a new file. Nothing was created.\n`,
    )
    expect(readFileSync(out, 'utf8')).toBe('mine')
    expect((await run(['token', 'list', '--json'])).stdout).toBe(before)
  })

  test('token create that is refused leaves no file behind', async () => {
    const out = join(root, `refused-${state}`)
    const args = ['token', 'create', '--name', 'no', '--permission', 'Keys', '--out', out]
    const refused = await run(args)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^keysmith: The request is not valid\. permissions\/0: .*\n$/)
    expect(existsSync(out)).toBe(false)
    const noProject = ['token', 'create', '--name', 'no', '--permission', 'a', '--project', 'none']
    expect((await run(noProject)).code).toBe(6)
  })

  test('token list shows tokens, token revoke ends one, and an absent one is exit code 6', async () => {
    const made = await run(['token', 'create', '--name', 'old', '--permission', 'a', '--json'])
    const { token, secret } = JSON.parse(made.stdout)
    expect(parseKey(secret)).toMatchObject({ ok: true, id: token.id })
    const revoked = await run(['token', 'revoke', token.id, '--yes'])
    expect(revoked).toEqual({ code: 0, stdout: `revoked  ${token.id}   old\n`, stderr: '' })
    const again = await run(['token', 'revoke', token.id, '--yes', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ id: token.id, status: 'revoked' })
    const table = await run(['token', 'list'])
    expect(table.stdout).toMatch(/^ID +NAME +STATUS +EXPIRES +LAST USED +PROJECT +PERMISSIONS\n/)
    expect(table.stdout).toMatch(new RegExp(`^${token.id} +old +revoked +never`, 'm'))
    expectNoSecret(table.stdout, revoked.stdout, again.stdout)
    const absent = await run(['token', 'revoke', '0'.repeat(16), '--yes'])
    expect(absent).toMatchObject({ code: 6, stdout: '' })
    expect(absent.stderr).toMatch(/^keysmith: There is no such token\..*\n$/)
  })

  test('audit verify walks the chain', async () => {
    const check = JSON.parse((await run(['audit', 'verify', '--json'])).stdout)
    expect(check).toEqual({
      ok: true,
      events: expect.any(Number),
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const plain = await run(['audit', 'verify'])
    expect(plain).toMatchObject({ code: 0, stderr: '' })
    expect(plain.stdout).toBe(`ok  ${check.events} events, head ${check.head}\n`)
  })

  test('migrate status says what the database has', async () => {
    const status = await run(['migrate', 'status', '--json'])
    expect(status.code).toBe(0)
    expect(JSON.parse(status.stdout)).toEqual({ applied: MIGRATIONS, pending: [] })
    const plain = await run(['migrate', 'status'])
    expect(plain).toMatchObject({ code: 0, stdout: listed('applied') })
  })

  test('migrate up needs the server stopped, and says so', async () => {
    for (const args of [['--dry-run'], []]) {
      const { code, stdout, stderr } = await run(['migrate', 'up', ...args])
      if (state === 'stopped')
        expect({ code, stdout }).toEqual({ code: 0, stdout: 'nothing to apply\n' })
      else {
        expect(code).toBe(4)
        expect(stderr).toMatch(/Another keysmith process uses this data folder.*Stop it/)
      }
    }
  })

  test('healthcheck is 0 when the service is ready, else 1', async () => {
    const url = server?.url ?? ''
    const expected =
      state === 'running'
        ? { code: 0, stdout: `${url} is ready\n`, stderr: '' }
        : { code: 1, stdout: `${url} is not ready\n`, stderr: '' }
    expect(await run(['healthcheck'], { KEYSMITH_PORT: new URL(url).port })).toEqual(expected)
    expect(await run(['healthcheck', '--url', `${url}/`])).toMatchObject({ code: expected.code })
  })

  test('commands leave the data folder as they found it', () => {
    const files = ['keysmith.db', 'keysmith.lock', 'pepper.json']
    const present = readdirSync(dataDir).filter((file) => !/-(wal|shm)$/.test(file))
    expect(present.toSorted()).toEqual(state === 'running' ? ['control.sock', ...files] : files)
    for (const file of present) expect(statSync(join(dataDir, file)).mode & 0o077).toBe(0)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  })
})

describe('without a database', () => {
  const nowhere = { KEYSMITH_DATA_DIR: join(root, 'nowhere') }

  test.for([['status'], ['up'], ['up', '--dry-run']])('migrate %s is exit code 6', async (args) => {
    const { code, stdout, stderr } = await run(['migrate', ...args], nowhere)
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
    expect(stderr).toMatch(/^keysmith: There is no database .*keysmith\.db yet\..*\n$/)
    expect(existsSync(join(root, 'nowhere', 'keysmith.db'))).toBe(false)
  })

  test('migrate status and --dry-run name what is missing, migrate up applies it', async () => {
    const folder = join(root, 'unmigrated')
    const settings = { KEYSMITH_DATA_DIR: folder }
    cpSync(dataDir, folder, { recursive: true })
    rmSync(join(folder, 'keysmith.db'))
    const db = new Database(join(folder, 'keysmith.db'))
    db.pragma(`application_id = ${0x4b534d31}`)
    db.close()
    const pending = { code: 5, stdout: listed('pending'), stderr: '' }
    expect(await run(['migrate', 'status'], settings)).toEqual(pending)
    expect(await run(['migrate', 'up', '--dry-run'], settings)).toEqual({ ...pending, code: 0 })
    expect(await run(['migrate', 'status'], settings)).toEqual(pending)
    const applied = { code: 0, stdout: listed('applied'), stderr: '' }
    expect(await run(['migrate', 'up'], settings)).toEqual(applied)
    expect(await run(['migrate', 'status'], settings)).toEqual(applied)
  })
})

describe('audit verify finds what was done to the log behind its back', () => {
  const SHIFT = `UPDATE audit_events SET seq = -seq;
    UPDATE audit_events SET seq = CASE seq WHEN -2 THEN 3 WHEN -3 THEN 2 ELSE -seq END`

  test.for([
    ['an edited detail', "UPDATE audit_events SET details = '{}' WHERE seq = 3", 3, 'was changed'],
    ['a deleted event', 'DELETE FROM audit_events WHERE seq = 2', 2, 'is missing'],
    ['a cut tail', 'DELETE FROM audit_events WHERE seq > 2', 3, 'the newest events are missing'],
    ['two swapped events', SHIFT, 2, 'was changed'],
    [
      'a replaced head',
      'UPDATE audit_head SET hash = zeroblob(32)',
      null,
      'the anchored head does not match',
    ],
  ] as const)('%s', async ([name, sql, at, reason]) => {
    const folder = join(root, name.replaceAll(' ', '-'))
    cpSync(dataDir, folder, { recursive: true })
    const db = new Database(join(folder, 'keysmith.db'))
    db.exec(sql)
    db.close()
    const { code, stdout } = await run(['audit', 'verify', '--json'], { KEYSMITH_DATA_DIR: folder })
    const check = JSON.parse(stdout)
    expect(code).toBe(7)
    expect(check).toMatchObject({ ok: false, ...(at === null ? {} : { seq: at }) })
    expect(check.reason).toContain(reason)
  })
})

describe('settings', () => {
  const secretFile = join(root, 'pepper-setting')
  beforeAll(() => writeFileSync(secretFile, 'canary-in-a-file', { mode: 0o600 }))

  test('config check says that the settings are good, or what is wrong', async () => {
    expect(await run(['config', 'check'])).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^ok: 1 of \d+ settings set, 0 unknown\n$/),
    })
    const wrong = await run(['config', 'check'], { KEYSMITH_LOG_LEVL: 'info' })
    expect(wrong).toMatchObject({ code: 3, stdout: '' })
    expect(wrong.stderr).toMatch(/Did you mean KEYSMITH_LOG_LEVEL\?\n$/)
  })

  test('config print shows every setting with its origin, and secrets as <set>', async () => {
    const envFile = join(root, 'settings.env')
    writeFileSync(envFile, 'KEYSMITH_LEASE_MS=500\nKEYSMITH_PORT=1\n')
    const settings = {
      KEYSMITH_PEPPER_FILE: secretFile,
      KEYSMITH_BOOTSTRAP_TOKEN: 'canary-inline',
      KEYSMITH_PORT: '9000',
    }
    const args = ['config', 'print', '--env-file', envFile]
    const table = await run(args, settings)
    expect(table).toMatchObject({ code: 0, stderr: '' })
    expect(table.stdout).toMatch(/^KEYSMITH_PORT +9000 +environment$/m)
    expect(table.stdout).toMatch(/^KEYSMITH_LEASE_MS +500 +environment$/m)
    expect(table.stdout).toMatch(/^KEYSMITH_PEPPER +<set> +file$/m)
    const json = await run([...args, '--json'], settings)
    expect(JSON.parse(json.stdout)).toContainEqual({
      name: 'KEYSMITH_BOOTSTRAP_TOKEN',
      value: '<set>',
      origin: 'environment',
    })
    expect(table.stdout + json.stdout).not.toContain('canary')
  })
})
