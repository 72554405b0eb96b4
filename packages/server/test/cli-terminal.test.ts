import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectNoSecret } from './_caller.ts'
import { keysmith, type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'
import { onTerminal } from './_terminal.ts'

const root = tempFolder()
const settings = { KEYSMITH_DATA_DIR: join(root, 'data') }
const NAME = 'a name of some length with 鍵 and 🔑 in it, and more'
const ESCAPE = '\u001b'

beforeAll(async () => {
  for (const ttl of [['--ttl', '90d'], []]) {
    const options = ['--name', NAME, '--permission', 'keys:read', ...ttl]
    await keysmith(['token', 'create', ...options], settings)
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a table', () => {
  /** Cells that a terminal needs for a line: two for each of the wide characters used here. */
  const widthOf = (line: string) => [...line].length + (line.match(/[鍵🔑]/gu)?.length ?? 0)

  test('fits the terminal, and its ids stay whole', async () => {
    const { code, shown } = await onTerminal(['token', 'list'], settings, { columns: 90 })
    expect(code).toBe(0)
    const [header = '', ...rows] = shown.trimEnd().split('\n')
    expect(header).toMatch(/^ID +NAME +STATUS /)
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      expect(row).toMatch(/^[0-9a-z]{16} {2}a name.*…/u)
      expect(widthOf(row)).toBeLessThanOrEqual(90)
    }
  })

  test('has whole values and exact times in a pipe', async () => {
    const { stdout } = await keysmith(['token', 'list'], settings)
    expect(stdout.split(NAME)).toHaveLength(3)
    expect(stdout).toMatch(/ 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /)
    expect(stdout).not.toMatch(/…| in \d+ days/)
  })

  test('is whole on a terminal that does not know its width', async () => {
    const { shown } = await onTerminal(['token', 'list'], settings, { columns: 0 })
    expect(shown.split(NAME)).toHaveLength(3)
  })

  test('says on a wide terminal how far away a time is', async () => {
    const { shown } = await onTerminal(['token', 'list'], settings, { columns: 200 })
    expect(shown).toMatch(/ {2}in 89 days {2}/)
    const aligned = shown
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/[鍵🔑]/gu, '##'))
    const columns = aligned.map((line) => line.search(/STATUS|active/))
    expect(new Set(columns).size).toBe(1)
  })
})

describe('colours', () => {
  const list = ['token', 'list']
  test('are shown on a terminal, and not with NO_COLOR', async () => {
    const coloured = await onTerminal(list, { ...settings, NO_COLOR: '' })
    expect(coloured.shown).toContain(`${ESCAPE}[32mactive`)
    expect((await onTerminal(list, settings)).shown).not.toContain(ESCAPE)
  })

  test('are not shown in a pipe, unless FORCE_COLOR says so', async () => {
    expect((await keysmith(list, settings)).stdout).not.toContain(ESCAPE)
    const forced = await keysmith(list, { ...settings, FORCE_COLOR: '1' })
    expect(forced.stdout).toContain(`${ESCAPE}[32mactive`)
  })

  test('are never in JSON', async () => {
    const json = await keysmith([...list, '--json'], { ...settings, FORCE_COLOR: '1' })
    expect(json.stdout).not.toContain(ESCAPE)
  })
})

describe('a character that would steer the terminal is shown, not sent', () => {
  const steering = /[\u202e\u061c\u2028\u009b]/

  test('in the name of a file, also as JSON', async () => {
    const { secret } = generateKey({ brand: 'ks', kind: 'live' })
    const file = join(root, `red${ESCAPE}[31m\u202e\u061c\u2028\u009b.txt`)
    writeFileSync(file, secret)
    const { shown } = await onTerminal(['scan', file])
    expect(shown).toContain('red\\u001b[31m\\u202e\\u061c\\u2028\\u009b.txt:1:1')
    const { stdout } = await keysmith(['scan', file, '--json'])
    expect(stdout).not.toMatch(steering)
    expect(JSON.parse(stdout).findings[0].file).toBe(file)
  })

  test('in a name that the service gives back', async () => {
    const name = 'turned\u202e'
    const args = ['token', 'create', '--name', name, '--permission', 'keys:read', '--json']
    const made = await keysmith(args, settings)
    expect(made.stdout).not.toMatch(steering)
    const { token } = JSON.parse(made.stdout)
    expect(token.name).toBe(name)
    const revoked = await keysmith(['token', 'revoke', token.id, '--yes'], settings)
    expect(revoked.stdout).toBe(`revoked  ${token.id}   turned\\u202e\n`)
  })

  test('in an error, which stays one line', async () => {
    const { stderr } = await keysmith(['scan', `a${ESCAPE}[31m\nkeysmith: forged`])
    expect(stderr).toBe('keysmith: There is no a\\u001b[31m\\u000akeysmith: forged.\n')
  })
})

describe('a question', () => {
  const { secret, id } = generateKey({ brand: 'ks', kind: 'test' })

  test('for a secret does not show what is typed', async () => {
    const answers: [string, string][] = [['Secret: ', `${secret}\r`]]
    const { code, shown } = await onTerminal(['key', 'inspect'], {}, { answers })
    expect(code).toBe(0)
    expect(shown).toBe(`Secret: \nbrand     ks\nkind      test\nid        ${id}\nchecksum  ok\n`)
    expectNoSecret(shown)
  })

  test.for([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('that is answered with %s ends the command', async ([, typed]) => {
    const answers: [string, string][] = [['Secret: ', typed ?? '']]
    const { code, shown } = await onTerminal(['key', 'inspect'], {}, { answers })
    expect({ code, shown }).toEqual({
      code: 1,
      shown: 'Secret: \nkeysmith: No answer. Nothing was changed.\n',
    })
  })
})

describe('before what cannot be undone', () => {
  let server: RunningServer
  let caller: Record<string, string>
  let id: string
  beforeAll(async () => {
    server = await serve({ dataDir: settings.KEYSMITH_DATA_DIR })
    caller = { KEYSMITH_ENDPOINT: server.url, KEYSMITH_TOKEN: server.token, ...settings }
    const { stdout } = await keysmith(['key', 'create', '--name', 'worker', '--json'], caller)
    id = JSON.parse(stdout).key.id
  })
  afterAll(async () => {
    await server.stop()
  })
  const statusOf = async () =>
    JSON.parse((await keysmith(['key', 'get', id, '--json'], caller)).stdout).status

  test('a person is asked, and anything but yes changes nothing', async () => {
    const question = `Revoke key ${id} (worker)? It cannot be undone. [y/N]`
    for (const typed of ['\r', 'n\r', '\u0003']) {
      const answers: [string, string][] = [['[y/N]', typed]]
      const { code, shown } = await onTerminal(['key', 'revoke', id], caller, { answers })
      expect(code).toBe(1)
      expect(shown).toContain(question)
      expect(shown).toMatch(/Nothing was changed\.\n$/)
    }
    expect(await statusOf()).toBe('active')
    const answers: [string, string][] = [['[y/N]', 'y\r']]
    const { code, shown } = await onTerminal(['key', 'revoke', id], caller, { answers })
    expect({ code, status: await statusOf() }).toEqual({ code: 0, status: 'revoked' })
    expect(shown).toMatch(new RegExp(`revoked  ${id}   worker\n$`))
  })

  test('the same holds for tokens and projects', async () => {
    const answers: [string, string][] = [['[y/N]', 'n\r']]
    for (const args of [
      ['token', 'revoke', id],
      ['project', 'delete', 'default'],
    ]) {
      const { code, shown } = await onTerminal(args, caller, { answers })
      expect(code).toBe(1)
      expect(shown).toMatch(/It cannot be undone\. \[y\/N\].*Nothing was changed/s)
    }
  })

  test('a secret that is verified is typed unseen', async () => {
    const { stdout } = await keysmith(['key', 'create', '--name', 'typed'], caller)
    const answers: [string, string][] = [['Secret: ', `${stdout.trimEnd()}\r`]]
    const { code, shown } = await onTerminal(['key', 'verify'], caller, { answers })
    expect(code).toBe(0)
    expect(shown).toMatch(/^Secret: \nverdict +valid\n/)
    expectNoSecret(shown)
  })
})
