import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { formatKey, generateKey, maskKey, redactKeys } from '@keysmith/key-format'
import vectors from '@keysmith/key-format/vectors.json' with { type: 'json' }
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { keysmith } from './_process.ts'
import { tempFolder } from './_service.ts'

const root = tempFolder()
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder: string
let count = 0
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
})

const live = generateKey({ brand: 'ks', kind: 'live' })
const other = generateKey({ brand: 'acme', kind: 'root' })
const published = vectors.valid.find(({ name }) => name === 'ks-seq')?.secret ?? ''
const bytes = new Uint8Array(32).fill(7)
const example = formatKey({ brand: 'example', kind: 'live', id: bytes.subarray(22), random: bytes })

function put(name: string, content: string | Buffer) {
  const file = join(folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, content)
}

async function scan(...args: string[]) {
  const result = await keysmith(['scan', ...args], {}, { cwd: folder, timeout: 60_000 })
  for (const output of [result.stdout, result.stderr]) expect(redactKeys(output)).toBe(output)
  return result
}

describe('in files', () => {
  test('each secret is one line with its place, its public part and the state of its checksum', async () => {
    const mistyped = live.secret.slice(0, -1) + (live.secret.endsWith('0') ? '1' : '0')
    put('a/settings.yaml', `name: x\ntoken: ${live.secret}\n`)
    put('b.sh', `curl "https://x/?k=${other.secret}&x" # höher: ${live.secret}\r\n${mistyped}`)
    const { code, stdout, stderr } = await scan()
    expect(code).toBe(7)
    const column = `curl "https://x/?k=${other.secret}&x" # höher: `.length + 1
    expect(stdout.trimEnd().split('\n')).toEqual([
      `b.sh:1:20  ${maskKey(other.secret)}  root  checksum ok`,
      `b.sh:1:${column}  ${maskKey(live.secret)}  live  checksum ok`,
      `b.sh:2:1  ${maskKey(live.secret)}  live  checksum wrong`,
      `${join('a', 'settings.yaml')}:2:8  ${maskKey(live.secret)}  live  checksum ok`,
    ])
    expect(stderr).toBe('4 secrets in 2 files\n')
  })

  test('nothing found is exit code 0', async () => {
    put('clean.txt', 'ks_live_ and ks_live_1 alone are no secrets')
    expect(await scan()).toEqual({ code: 0, stdout: '', stderr: '0 secrets in 1 file\n' })
    expect(JSON.parse((await scan('--json')).stdout)).toEqual({
      ok: true,
      findings: [],
      documentation: [],
      secrets: 0,
      files: 1,
      binaries: 0,
      unreadable: [],
    })
  })

  test('published vectors and the brand example are documentation, not findings', async () => {
    put('README.md', `${published}\n${example}\n`)
    const { code, stdout } = await scan()
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toEqual([
      `README.md:1:1  ${maskKey(published)}  live  documentation`,
      `README.md:2:1  ${maskKey(example)}  live  documentation`,
    ])
    const json = await scan('--json', '.')
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, findings: [], files: 1 })
    expect(JSON.parse(json.stdout).documentation).toHaveLength(2)
  })

  test('--json has every finding with all that may be shown', async () => {
    put('x', `  ${live.secret}`)
    const { code, stdout } = await scan('--json', 'x')
    expect(code).toBe(7)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, secrets: 1, documentation: [] })
    expect(JSON.parse(stdout).findings).toEqual([
      {
        file: 'x',
        line: 1,
        column: 3,
        masked: maskKey(live.secret),
        brand: 'ks',
        kind: 'live',
        id: live.id,
        checksum: 'ok',
        documentation: false,
      },
    ])
  })

  test('--brand looks for the secrets of these brands only', async () => {
    put('x', `${live.secret}\n${other.secret}\n`)
    expect((await scan('--brand', 'acme')).stdout).toMatch(/^x:2:1 .*\n$/)
    expect((await scan('--brand', 'acme', '--brand', 'ks')).stdout.split('\n')).toHaveLength(3)
  })

  test('text without a gap before a secret does not hide it', async () => {
    put('x', `token${live.secret}${other.secret} _${live.secret}`)
    const { stdout } = await scan()
    expect(stdout.trimEnd().split('\n')).toEqual([
      `x:1:6  ${maskKey(live.secret)}  live  checksum ok`,
      `x:1:81  ${maskKey(other.secret)}  root  checksum ok`,
      `x:1:160  ${maskKey(live.secret)}  live  checksum ok`,
    ])
  })

  test('.git, node_modules, binary files and links are skipped, unless they are named', async () => {
    for (const name of ['.git/config', 'a/node_modules/b/c.js', 'd/.git/x']) put(name, live.secret)
    put('image', Buffer.concat([Buffer.from([137, 0, 1]), Buffer.from(live.secret)]))
    symlinkSync(root, join(folder, 'loop'))
    expect(await scan()).toEqual({
      code: 0,
      stdout: '',
      stderr: '0 secrets in 1 file, 1 binary file skipped\n',
    })
    expect((await scan('a/node_modules')).code).toBe(7)
  })

  test('text in UTF-16, as Windows writes it, is not taken for a binary file', async () => {
    put('little.txt', Buffer.from(`\ufefftoken\r\n${live.secret}`, 'utf16le'))
    put('big.txt', Buffer.from(`\ufefftoken\r\n${live.secret}`, 'utf16le').swap16())
    const { stdout } = await scan()
    const [big, little] = stdout.split('\n')
    expect(big).toMatch(/^big\.txt:2:1 .*checksum ok$/)
    expect(little).toMatch(/^little\.txt:2:1 .*checksum ok$/)
  })

  test('a secret across the border of two pieces is found once, at its place', async () => {
    const border = 65_536
    const starts = Array.from({ length: 80 }, (_, index) => border * (index + 1) - index)
    let text = ''
    for (const start of starts) text = text.padEnd(start, '-') + live.secret
    put('long-line', text)
    const { findings } = JSON.parse((await scan('--json')).stdout)
    expect(findings.map(({ column }: { column: number }) => column - 1)).toEqual(starts)
  })

  test('a file of 200 MB without a newline needs little memory', async () => {
    const handle = openSync(join(folder, 'huge'), 'w')
    const megabyte = Buffer.alloc(1024 * 1024, 'abc_def1')
    for (let index = 0; index < 200; index++) writeSync(handle, megabyte)
    writeSync(handle, ` ${live.secret}`)
    closeSync(handle)
    const settings = { NODE_OPTIONS: '--max-old-space-size=48' }
    const options = { cwd: folder, timeout: 30_000 }
    const { code, stdout } = await keysmith(['scan'], settings, options)
    rmSync(join(folder, 'huge'))
    expect({ code, stdout }).toEqual({
      code: 7,
      stdout: `huge:1:${200 * 1024 * 1024 + 2}  ${maskKey(live.secret)}  live  checksum ok\n`,
    })
  })

  test('a path that does not exist is exit code 6, a file that cannot be read exit code 1', async () => {
    const absent = await scan('nowhere')
    expect(absent).toEqual({ code: 6, stdout: '', stderr: 'keysmith: There is no nowhere.\n' })
    put('locked', live.secret)
    put('open', 'x')
    chmodSync(join(folder, 'locked'), 0)
    chmodSync(folder, 0o755)
    chmodSync(root, 0o755)
    const asNobody = { cwd: folder, timeout: 30_000, uid: 65_534, gid: 65_534 }
    const refused = await keysmith(
      ['scan', '--json'],
      {},
      process.getuid?.() === 0 ? asNobody : { cwd: folder },
    )
    expect(refused).toMatchObject({
      code: 1,
      stderr: 'keysmith: warning: locked cannot be read.\n',
    })
    expect(JSON.parse(refused.stdout)).toMatchObject({ files: 2, unreadable: ['locked'] })
    symlinkSync('loop', join(folder, 'loop'))
    const loop = { code: 1, stderr: expect.stringContaining('warning: loop cannot be read.') }
    expect(await scan('loop')).toMatchObject(loop)
  })
})

describe('with --git-staged', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
    })
  beforeEach(() => {
    git('init', '-q')
  })

  test('what is staged counts, not what the working tree holds', async () => {
    put('staged.txt', `a\n${live.secret}\n`)
    put('two.txt', `${other.secret}`)
    put('image', Buffer.concat([Buffer.alloc(200_000), Buffer.from(live.secret)]))
    git('add', '.')
    put('staged.txt', 'taken out again')
    put('unstaged.txt', live.secret)
    const { code, stdout, stderr } = await scan('--git-staged')
    expect(code).toBe(7)
    expect(stdout.trimEnd().split('\n')).toEqual([
      `staged.txt:2:1  ${maskKey(live.secret)}  live  checksum ok`,
      `two.txt:1:1  ${maskKey(other.secret)}  root  checksum ok`,
    ])
    expect(stderr).toBe('2 secrets in 3 files, 1 binary file skipped\n')
    expect((await scan('--git-staged', 'two.txt')).stdout).toMatch(/^two\.txt:1:1 .*\n$/)
  })

  test('what is committed already, deleted or staged by name only is not searched', async () => {
    put('old.txt', live.secret)
    put('gone.txt', live.secret)
    git('add', '.')
    git('commit', '-qm', 'x')
    git('rm', '-q', 'gone.txt')
    put('new name.txt', 'clean')
    put('later.txt', live.secret)
    git('add', 'new name.txt')
    git('add', '--intent-to-add', 'later.txt')
    const clean = { code: 0, stdout: '', stderr: '0 secrets in 1 file\n' }
    expect(await scan('--git-staged')).toEqual(clean)
  })

  test('a file that was renamed is searched under its new name', async () => {
    put('old.txt', `${live.secret}\n${'text\n'.repeat(20)}`)
    git('add', '.')
    git('commit', '-qm', 'x')
    git('mv', 'old.txt', 'renamed.txt')
    put('other.txt', other.secret)
    git('add', '.')
    const { stdout } = await scan('--git-staged')
    expect(stdout).toMatch(/^other\.txt:1:1 .*\nrenamed\.txt:1:1 .*\n$/)
  })

  test('outside a repository it is an error in one line', async () => {
    rmSync(join(folder, '.git'), { recursive: true })
    const { code, stdout, stderr } = await scan('--git-staged')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^keysmith: git says: fatal: not a git repository.*\n$/)
  })
})
