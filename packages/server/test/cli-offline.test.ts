import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { generateKey, parseKey, redactKeys } from '@keysmith/key-format'
import { scannerRules } from '@keysmith/key-format/scanners'
import vectors from '@keysmith/key-format/vectors.json' with { type: 'json' }
import { afterAll, describe, expect, test } from 'vitest'
import { COMMAND, keysmith } from './_process.ts'
import { tempFolder } from './_service.ts'

const root = tempFolder()
const settings = { KEYSMITH_DATA_DIR: join(root, 'data') }
const run = (args: string[], input?: string) =>
  keysmith(args, settings, { timeout: 30_000, ...(input === undefined ? {} : { input }) })

afterAll(() => {
  // What needs no data must not make any.
  expect(existsSync(join(root, 'data', 'keysmith.db'))).toBe(false)
  rmSync(root, { recursive: true, force: true })
})

/** Nothing that a secret could be read from. */
function expectNoSecret(...outputs: string[]) {
  for (const output of outputs) expect(redactKeys(output)).toBe(output)
}

describe('key generate', () => {
  test.concurrent.for(['live', 'test', 'root'])(
    '--kind %s gives a well-formed secret',
    async (kind) => {
      const { code, stdout, stderr } = await run(['key', 'generate', '--kind', kind])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(parseKey(stdout.trimEnd())).toMatchObject({ ok: true, brand: 'ks', kind })
    },
  )

  test('takes a brand and writes to a file for its owner only', async () => {
    const out = join(root, 'generated')
    const args = ['key', 'generate', '--kind', 'root', '--brand', 'acme', '--out', out]
    const { code, stdout, stderr } = await run(args)
    const secret = parseKey(readFileSync(out, 'utf8').trimEnd())
    expect(secret).toMatchObject({ ok: true, brand: 'acme', kind: 'root' })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain(secret.ok ? secret.id : '')
    expectNoSecret(stderr)
    expect(statSync(out).mode & 0o777).toBe(0o600)
    expect(await run(args)).toMatchObject({ code: 1, stdout: '' })
  })

  test('--json gives the id with the secret, or with the file that holds it', async () => {
    const args = ['key', 'generate', '--kind', 'live', '--json']
    const { id, secret } = JSON.parse((await run(args)).stdout)
    expect(parseKey(secret)).toMatchObject({ ok: true, id })
    const file = join(root, 'generated-json')
    const { stdout } = await run([...args, '--out', file])
    const written = parseKey(readFileSync(file, 'utf8').trimEnd())
    expect(JSON.parse(stdout)).toEqual({ id: written.ok && written.id, file })
  })
})

describe('key inspect', () => {
  const { id, secret } = generateKey({ brand: 'acme', kind: 'test' })
  const facts = { brand: 'acme', kind: 'test', id, masked: `acme_test_1${id}_****` }

  test('says what a secret is and never prints its random part', async () => {
    const { code, stdout, stderr } = await run(['key', 'inspect'], `${secret}\n`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`brand     acme\nkind      test\nid        ${id}\nchecksum  ok\n`)
    const json = JSON.parse((await run(['key', 'inspect', '-', '--json'], secret)).stdout)
    expect(json).toEqual({ wellFormed: true, reason: null, ...facts, documentation: false })
  })

  test('warns when the secret came by way of the arguments', async () => {
    const { code, stdout, stderr } = await run(['key', 'inspect', secret])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^keysmith: warning: the secret is now in the history .*\n$/)
    expectNoSecret(stdout, stderr)
  })

  test('names the reason when it is no secret, and is then exit code 7', async () => {
    const mistyped = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0')
    const { code, stdout } = await run(['key', 'inspect'], mistyped)
    expect(code).toBe(7)
    expect(stdout).toBe(
      `brand    acme\nkind     test\nid       ${id}\nrefused  the checksum does not fit: a character was mistyped, lost or changed\n`,
    )
    const reasons = ['', 'hunter2', `${secret}\n\n`, 'k'.repeat(129), 'ks_live_2abc'].map(
      async (input) => JSON.parse((await run(['key', 'inspect', '--json'], input)).stdout).reason,
    )
    expect(await Promise.all(reasons)).toEqual([
      'empty',
      'shape',
      'shape',
      'too_long',
      'unsupported_version',
    ])
    const endless = await run(['key', 'inspect'], 'k'.repeat(70_000))
    expect(endless).toMatchObject({ code: 7, stdout: '' })
  })

  test('knows the secrets that are published', async () => {
    const published = vectors.valid.find(({ name }) => name === 'ks-seq')?.secret ?? ''
    expect((await run(['key', 'inspect'], published)).stdout).toMatch(/^note .*published/m)
  })
})

describe('scanner export', () => {
  const rules = scannerRules('acme')
  test.concurrent.for([
    ['gitleaks', rules.gitleaks],
    ['trufflehog', rules.trufflehog],
    ['regex', `${rules.regex}\n`],
    ['github', `${JSON.stringify(rules.github, null, 2)}\n`],
    ['secretlint', `${JSON.stringify(rules.secretlint, null, 2)}\n`],
  ] as const)('%s prints the rule of the brand', async ([format, rule]) => {
    const args = ['scanner', 'export', format, '--brand', 'acme']
    expect(await run(args)).toEqual({ code: 0, stdout: rule, stderr: '' })
    const json = JSON.parse((await run([...args, '--json'])).stdout)
    expect(json).toEqual({ format, brand: 'acme', rule: rules[format] })
  })

  test('writes to a new file, and takes the address that TruffleHog asks', async () => {
    const out = join(root, 'trufflehog.yaml')
    const url = 'https://keys.acme.example'
    const args = ['scanner', 'export', 'trufflehog', '--public-url', url, '--out', out]
    const stderr = `The rule is in ${out}.\n`
    expect(await run(args)).toEqual({ code: 0, stdout: '', stderr })
    expect(readFileSync(out, 'utf8')).toBe(scannerRules('ks', { publicUrl: url }).trufflehog)
    expect(await run(args)).toMatchObject({ code: 1, stdout: '' })
  })
})

test('openapi prints what the service serves, and needs no data folder', async () => {
  const { code, stdout, stderr } = await run(['openapi'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const reference = join(import.meta.dirname, '../../../docs/reference/openapi.json')
  expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(reference, 'utf8')))
})

test('version names Keysmith and Node', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  const versions = { keysmith: version, node: process.versions.node }
  expect(JSON.parse((await run(['version', '--json'])).stdout)).toEqual(versions)
  const plain = `keysmith ${version}   node ${process.versions.node}\n`
  expect(await run(['version'])).toEqual({ code: 0, stdout: plain, stderr: '' })
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('every command has a help text, and the text of its parent names it', async () => {
  const seen: string[] = []
  const visit = async (path: string[]): Promise<void> => {
    const { code, stdout, stderr } = await run([...path, '--help'])
    expect({ path, code, stderr }).toEqual({ path, code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: ${['keysmith', ...path].join(' ')}`)
    expectNoSecret(stdout)
    seen.push(path.join(' '))
    const [, commands = ''] = stdout.split('\nCommands:\n')
    const names = [...commands.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name ?? '')
    const children = names.filter((name) => name !== 'help')
    await Promise.all(children.map((name) => visit([...path, name])))
  }
  await visit([])
  expect(seen.toSorted()).toEqual(
    [
      ...['', 'serve', 'token', 'token create', 'token list', 'token revoke', 'audit'],
      ...['audit list', 'audit verify', 'key', 'key create', 'key list', 'key get', 'key update'],
      ...['key rotate', 'key disable', 'key enable', 'key revoke', 'key verify', 'key import'],
      ...['key generate', 'key inspect', 'project', 'project create', 'project list'],
      ...['project get', 'project update', 'project delete', 'config', 'config check'],
      ...['config print', 'migrate', 'migrate status', 'migrate up', 'scan', 'scanner'],
      ...['scanner export', 'healthcheck', 'openapi', 'completion', 'version'],
      ...['key set-used', 'key usage', 'policy', 'policy create', 'policy delete', 'policy get'],
      ...['policy list', 'policy update', 'reservation', 'reservation release'],
      ...['reservation settle'],
    ].toSorted(),
  )
})

describe('wrong usage', () => {
  const WRONG_USAGE = [
    ['', 'keysmith needs a command: serve, key, '],
    ['token', 'keysmith token needs a command: create, list, revoke. See keysmith token --help.'],
    ['srve', "unknown command 'srve'. Did you mean serve? See keysmith --help."],
    ['key generat', "unknown command 'generat'. Did you mean generate? See keysmith key --help."],
    ['serve --port 1', "unknown option '--port'. "],
    ['version --jsn', "unknown option '--jsn'. Did you mean --json? See keysmith version --help."],
    ['token create', "required option '--name <name>' not specified. See keysmith token create"],
    ['token create --name x --permission a --ttl 90', "option '--ttl <duration>' argument '90'"],
    ['token revoke x', "command-argument value 'x' is invalid for argument 'id'. An id has 16 "],
    ['token revoke', "missing required argument 'id'. "],
    ['key generate', "required option '--kind <kind>' not specified. "],
    ['key generate --kind boot', "option '--kind <kind>' argument 'boot' is invalid. "],
    ['key generate --kind live --brand example', "option '--brand <brand>' argument 'example'"],
    ['scanner export gitleeks', "command-argument value 'gitleeks' is invalid for argument"],
    ['scanner export regex --public-url x', "option '--public-url <url>' argument 'x' is invalid."],
    ['scan --brand KS', "option '--brand <brand>' argument 'KS' is invalid. "],
    ['completion tcsh', "command-argument value 'tcsh' is invalid for argument 'shell'. "],
    ['version extra', "too many arguments for 'version'. "],
  ] as const
  test.concurrent.for(WRONG_USAGE)('is one line and exit code 2: keysmith %s', async (usage) => {
    const [args, line] = usage
    const { code, stdout, stderr } = await run(args.split(' ').filter(Boolean))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^keysmith: .*See keysmith .*--help\.\n$/)
    expect(stderr.slice('keysmith: '.length).startsWith(line), stderr).toBe(true)
  })

  test('does not repeat a secret that stands in the wrong place', async () => {
    const { secret } = generateKey({ brand: 'ks', kind: 'live' })
    for (const args of [
      [secret],
      ['key', secret],
      ['key', 'generate', '--kind', secret],
      ['key', 'list', '--project', secret],
      ['project', 'get', secret],
      ['token', 'revoke', secret],
      ['token', 'create', '--name', 'x', '--permission', 'a', '--project', secret],
    ]) {
      const { code, stderr } = await run(args)
      expect(code).toBe(2)
      expectNoSecret(stderr)
    }
  })
})

/** Runs a command into a pipe whose reader has gone. */
const intoNothing = (args: string) => inShell(`${COMMAND} ${args} | true`)

async function inShell(line: string) {
  const shell = spawn('bash', ['--norc', '-o', 'pipefail', '-c', line], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  shell.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(shell, 'close')
  return { code, stderr }
}

test('a reader that has gone is no error', async () => {
  for (const args of ['--help', 'config print --json', 'scanner export gitleaks']) {
    expect(await intoNothing(args)).toEqual({ code: 0, stderr: '' })
  }
})

test('a disk that is full is an error: half an answer is none', async () => {
  for (const args of ['version', 'config print --json', '--help']) {
    expect(await inShell(`${COMMAND} ${args} > /dev/full`)).toEqual({
      code: 1,
      stderr: 'keysmith: standard output cannot be written (ENOSPC).\n',
    })
  }
})

test('an error that nobody reads keeps its exit code', async () => {
  const { code } = await inShell(`${COMMAND} scan ${root}/nowhere 2>&1 >/dev/null | true`)
  expect(code).toBe(6)
})

test('a reader that has gone before the secret came is an error: the secret is lost', async () => {
  const { code, stderr } = await intoNothing('key generate --kind live')
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^keysmith: The secret of the id \w+ could not be written.*Revoke what was created/,
  )
  expectNoSecret(stderr)
})
