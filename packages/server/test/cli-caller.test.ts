import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseKey } from '@keysmith/key-format'
import getPort from 'get-port'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { expectNoSecret, useCaller } from './_caller.ts'
import { ARGV, COMMAND, commandEnvironment, keysmith } from './_process.ts'

const { root, server, settings, run, json, createKey } = useCaller()
/** Lets a server of the test listen until the test ends; gives its port. */
async function listen(other: Server): Promise<number> {
  onTestFinished(() => void other.close())
  await once(other.listen(0, '127.0.0.1'), 'listening')
  return (other.address() as AddressInfo).port
}

const LIST = ['key', 'list', '--json']
const ABSENT = '0'.repeat(16)

describe('settings of the caller', () => {
  const list = (changed: Record<string, string>) =>
    keysmith(LIST, { KEYSMITH_ENDPOINT: server().url, ...changed })

  test('without a token a command is exit code 3 and says how to give one', async () => {
    for (const changed of [{}, { KEYSMITH_TOKEN: '' }]) {
      const { code, stdout, stderr } = await list(changed)
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toMatch(/^keysmith: There is no token\. Set KEYSMITH_TOKEN, .*\n$/)
    }
  })

  test('the token may stand in a file that only its owner can read', async () => {
    const file = join(root, 'token')
    writeFileSync(file, `${server().token}\n`, { mode: 0o600 })
    expect((await list({ KEYSMITH_TOKEN_FILE: file })).code).toBe(0)
    const both = await list({ KEYSMITH_TOKEN_FILE: file, KEYSMITH_TOKEN: server().token })
    expect(both).toMatchObject({ code: 3, stdout: '' })
    expect(both.stderr).toMatch(/KEYSMITH_TOKEN and KEYSMITH_TOKEN_FILE are both set/)
    chmodSync(file, 0o644)
    const open = await list({ KEYSMITH_TOKEN_FILE: file })
    expect(open.code).toBe(3)
    expect(open.stderr).toMatch(/can be read by others\. Run chmod 600 on it\.\n$/)
    expectNoSecret(both.stderr, open.stderr)
  })

  test('what cannot be a token or an address is exit code 3', async () => {
    const KEYSMITH_TOKEN = server().token
    const wrong: Record<string, string>[] = [
      { KEYSMITH_TOKEN: 'two words' },
      { KEYSMITH_TOKEN, KEYSMITH_ENDPOINT: 'localhost:8420' },
      { KEYSMITH_TOKEN, KEYSMITH_ENDPOINT: 'https://user:secret@keys.example.com' },
      { KEYSMITH_TOKEN, KEYSMITH_PROJECT: '' },
      { KEYSMITH_TOKEN, KEYSMITH_PROJEKT: 'x' },
    ]
    for (const changed of wrong) {
      const { code, stdout, stderr } = await list(changed)
      expect({ changed, code, stdout }).toEqual({ changed, code: 3, stdout: '' })
      expect(stderr).toMatch(/^keysmith: .*KEYSMITH_.*\n$/)
      expect(stderr).not.toMatch(/secret@|two words/)
    }
  })

  test('KEYSMITH_PROJECT is where keys are created and listed', async () => {
    await json(['project', 'create', '--name', 'payments', '--brand', 'pay'])
    const inside = { ...settings(), KEYSMITH_PROJECT: 'payments' }
    const made = await keysmith(['key', 'create', '--name', 'x'], inside)
    expect(parseKey(made.stdout.trimEnd())).toMatchObject({ ok: true, brand: 'pay' })
    expect(JSON.parse((await keysmith(LIST, inside)).stdout)).toHaveLength(1)
    const elsewhere = await keysmith([...LIST, '--project', 'default'], inside)
    expect(JSON.parse(elsewhere.stdout)).not.toContainEqual(expect.objectContaining({ name: 'x' }))
  })
})

describe('refusals are one line and an exit code', () => {
  const answersWith = async (code: number, line: RegExp, args: string[], changed = {}) => {
    const refused = await keysmith(args, { ...settings(), ...changed })
    expect(refused).toMatchObject({ code, stdout: '' })
    expect(refused.stderr).toMatch(line)
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1)
    expectNoSecret(refused.stderr)
  }

  test('a token that is not accepted', async () => {
    const { stdout } = await run(['key', 'generate', '--kind', 'root'])
    const changed = { KEYSMITH_TOKEN: stdout.trimEnd() }
    await answersWith(1, /valid management token .* Check KEYSMITH_TOKEN/, LIST, changed)
  })

  test('a permission that the token lacks is named', async () => {
    const { url } = server()
    const data = { KEYSMITH_DATA_DIR: join(root, 'data') }
    const args = ['token', 'create', '--name', 'reader', '--permission', 'keys:read']
    const reader = { KEYSMITH_TOKEN: (await keysmith(args, data)).stdout.trimEnd() }
    expect((await keysmith(LIST, { KEYSMITH_ENDPOINT: url, ...reader })).code).toBe(0)
    const denied: [string[], string][] = [
      [['key', 'create', '--name', 'x'], 'keys:write'],
      [['key', 'disable', ABSENT], 'keys:write'],
      [['key', 'revoke', ABSENT, '--yes'], 'keys:write'],
      [['project', 'list'], 'projects:read'],
      [['audit', 'list'], 'audit:read'],
    ]
    for (const [command, permission] of denied) {
      await answersWith(1, new RegExp(`lacks a permission.*${permission}`), command, reader)
    }
  })

  test('what does not exist is exit code 6', async () => {
    const no = /^keysmith: There is no such (key|project)\. /
    await answersWith(6, no, ['key', 'get', ABSENT])
    await answersWith(6, no, ['key', 'rotate', ABSENT])
    await answersWith(6, no, ['key', 'update', ABSENT, '--name', 'x'])
    await answersWith(6, no, ['project', 'get', 'nowhere'])
    await answersWith(6, no, ['key', 'create', '--name', 'x', '--project', 'nowhere'])
  })

  test('a service that cannot be reached is exit code 4', async () => {
    const changed = { KEYSMITH_ENDPOINT: `http://127.0.0.1:${await getPort()}` }
    const line = /^keysmith: http:\/\/127.* No connection .*ECONNREFUSED.*KEYSMITH_ENDPOINT\.\n$/
    await answersWith(4, line, LIST, changed)
  })

  test('a page of a proxy in between is exit code 4, and an address below which nothing is 1', async () => {
    for (const [status, line] of [
      [502, /^keysmith: http:.* Status 502\. Check KEYSMITH_ENDPOINT\.\n$/],
      [200, /^keysmith: http:.* Check KEYSMITH_ENDPOINT\.\n$/],
    ] as const) {
      const proxy = await listen(
        createServer((_, response) => {
          response.writeHead(status, { 'content-type': 'text/html' }).end('<html>No</html>')
        }),
      )
      await answersWith(4, line, LIST, { KEYSMITH_ENDPOINT: `http://127.0.0.1:${proxy}` })
    }
    const below = { KEYSMITH_ENDPOINT: `${server().url}/below` }
    const line = /There is no such route\. Check KEYSMITH_ENDPOINT\.\n$/
    await answersWith(1, line, ['key', 'get', ABSENT], below)
  })

  test('a certificate that is not trusted is said to be the reason', async () => {
    const [key, cert] = [join(root, 'tls-key'), join(root, 'tls-cert')]
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost']
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const port = await listen(
      createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => {}),
    )
    const changed = { KEYSMITH_ENDPOINT: `https://127.0.0.1:${port}` }
    await answersWith(4, /SELF_SIGNED_CERT.* name its issuer in NODE_EXTRA_CA_CERTS/, LIST, changed)
  })

  test('a value that the service refuses is named by its field', async () => {
    await answersWith(1, /permissions\/0: /, [
      'key',
      'create',
      '--name',
      'x',
      '--permission',
      'No!',
    ])
  })

  test.for([
    ['key update ID', 'Nothing to change. See keysmith key update --help.'],
    ['project update x', 'Nothing to change. See keysmith project update --help.'],
    ['key list --limit 0', 'Give a whole number from 1 to 999999.'],
    ['key list --status aktive', 'Allowed choices are active, disabled, expired, revoked'],
    ['key create --name x --permission none --permission a', 'Give none alone.'],
    ['key create --name x --metadata none --metadata a=1', 'Give none alone.'],
    ['key create --name x --tag a=1 --tag none', 'Give none alone.'],
    ['key create --name x --model a --model any', 'Give any or none alone.'],
    ['key create --name x --metadata plan', 'Give name=value.'],
    ['key create --name x --expires-in 90', 'Give a whole number and s, m, h or d, such as 90d.'],
    ['key rotate ID --replaces x', 'Give the version of a secret'],
    ['key get short', 'An id has 16 small letters and digits.'],
    ['project get ../keys', 'Give the id or the name of a project.'],
    ['audit list --action key.made', 'Allowed choices are '],
  ] as const)('wrong usage: keysmith %s', async ([usage, sentence]) => {
    const args = usage.split(' ').map((word) => (word === 'ID' ? ABSENT : word))
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^keysmith: .*See keysmith .* --help\.\n$/)
    expect(stderr).toContain(sentence)
  })

  test('a secret in the place of an id is neither sent nor repeated', async () => {
    const { secret } = await createKey()
    await answersWith(2, /Give the id, not the secret\./, ['key', 'get', secret])
    expect(server().output().stdout).not.toContain(secret)
  })
})

describe('nothing is half done', () => {
  test('a file that cannot be written is noticed before a key is made', async () => {
    const mine = join(root, 'mine')
    writeFileSync(mine, 'mine')
    const before = await json(['key', 'list', '--all'])
    const { id } = before[0]
    for (const out of [mine, join(root, 'absent', 'x')]) {
      for (const make of [
        ['create', '--name', 'no'],
        ['rotate', id],
      ]) {
        const { code, stdout, stderr } = await run(['key', ...make, '--out', out])
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
        expect(stderr).toMatch(/Nothing was created\.\n$/)
      }
    }
    expect(readFileSync(mine, 'utf8')).toBe('mine')
    expect(await json(['key', 'list', '--all'])).toEqual(before)
  })

  test('a create that is refused leaves no file behind', async () => {
    const out = join(root, 'refused')
    const { code } = await run([
      'key',
      'create',
      '--name',
      'x',
      '--permission',
      'No!',
      '--out',
      out,
    ])
    expect({ code, exists: existsSync(out) }).toEqual({ code: 1, exists: false })
  })

  test('a create that is interrupted leaves no file behind, and says what to look for', async () => {
    const asked = createServer()
    const port = await listen(asked)
    const out = join(root, 'interrupted')
    const child = spawn(
      ARGV[0] ?? '',
      [...ARGV.slice(1), 'key', 'create', '--name', 'x', '--out', out],
      {
        env: commandEnvironment({ ...settings(), KEYSMITH_ENDPOINT: `http://127.0.0.1:${port}` }),
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    await once(asked, 'request')
    expect(existsSync(out)).toBe(true)
    child.kill('SIGINT')
    const [stderr, [, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect({ signal, exists: existsSync(out) }).toEqual({ signal: 'SIGINT', exists: false })
    expect(stderr).toMatch(/^keysmith: interrupted\. .* look before you repeat it\.\n$/)
  })

  let lost: { code: number; stderr: string }
  beforeAll(async () => {
    const line = `${COMMAND} key create --name lost --json | true`
    const shell = spawn('bash', ['--norc', '-o', 'pipefail', '-c', line], {
      env: { PATH: process.env.PATH, ...settings() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    shell.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const [code] = await once(shell, 'close')
    lost = { code, stderr }
  })

  test('a secret that nobody could read is an error that names its key', async () => {
    const [{ id }] = await json(['key', 'list', '--name', 'lost'])
    expect(lost.code).toBe(1)
    expect(lost.stderr).toMatch(
      new RegExp(`^keysmith: The secret of key ${id} could not be written.*Revoke`, 'm'),
    )
    expectNoSecret(lost.stderr)
  })
})
