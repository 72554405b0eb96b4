import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** The code blocks of a Markdown file in one language, in order. */
function codeBlocks(file: string, language: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))
  return [...blocks].map(([, block]) => block ?? '')
}

/** The lines to paste use curl. It is no npm package: outside CI a machine may lack it. */
const hasCurl = spawnSync('curl', ['--version']).status === 0

function requireCurl(context: TestContext): void {
  if (hasCurl) return
  const reason = 'SKIPPED: curl is not installed, so the lines of the docs cannot be run'
  process.stderr.write(`${reason}\n`)
  if (process.env.CI) throw new Error(reason)
  context.skip(reason)
}

let port: number
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-readme-'))
  port = await getPort()
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  environment = {
    ...Object.fromEntries(outer),
    KEYSMITH_DATA_DIR: join(folder, 'data'),
    KEYSMITH_PORT: String(port),
  }
  const server = spawn('npm', ['start'], { cwd: ROOT, env: environment })
  const ended = once(server, 'close')
  let output = ''
  server.stdout.on('data', (chunk) => {
    output += chunk
  })
  const deadline = Date.now() + 50_000
  while (!output.includes('token create')) {
    if (Date.now() > deadline || server.exitCode !== null) throw new Error(`not ready: ${output}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return async () => {
    // As a supervisor would: to npm alone, which passes it on.
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  }
})

/** Runs lines as a person would paste them, against the port of this test. */
function paste(lines: string) {
  return spawnSync('bash', ['-eu', '-o', 'pipefail', '-c', lines.replaceAll(':8420', `:${port}`)], {
    cwd: ROOT,
    env: environment,
    encoding: 'utf8',
  })
}

test('the lines of the first screen create a key and find it valid', (context) => {
  requireCurl(context)
  const [install, use, check, commands] = codeBlocks('README.md', 'sh')
  expect(install).toBe('npm ci && npm start\n')
  expect(check).toBe('npm ci && npm test\n')
  const { status, stdout } = paste(use ?? '')
  expect(JSON.parse(stdout)).toMatchObject({ valid: true, key: { name: 'first key' } })
  expect(status).toBe(0)
  const [token] = (use ?? '').split('\n')
  const address = 'export KEYSMITH_ENDPOINT=http://127.0.0.1:8420'
  expect(paste([token, address, commands].join('\n')).stdout).toContain('verdict      valid')
})

test('the blocks of the guide run one after the other', (context) => {
  requireCurl(context)
  const blocks = codeBlocks('docs/guide.md', 'sh')
  expect(blocks.length).toBeGreaterThan(8)
  const { status, stdout, stderr } = paste(
    ['keysmith() { npm run -s keysmith -- "$@"; }', 'set -x', ...blocks].join('\n'),
  )
  expect(status, stderr).toBe(0)
  for (const code of ['valid', 'model_required', 'expired', 'revoked', 'secret_not_replayable']) {
    expect(stdout).toContain(`"code":"${code}"`)
  }
  expect(stdout).toMatch(/ok {2}\d+ events/)
})

test('the blocks of the page about the command run one after the other', (context) => {
  requireCurl(context)
  const blocks = codeBlocks('docs/cli.md', 'sh')
  expect(blocks.length).toBeGreaterThan(8)
  const main = `'${process.execPath}' --conditions=@keysmith/source '${ROOT}/packages/server/src/cli/main.ts'`
  const { status, stdout, stderr } = paste(
    [`keysmith() { ${main} "$@"; }`, 'cd "$(mktemp -d)"', 'set -x', ...blocks].join('\n'),
  )
  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(/^verdict +valid$/m)
  expect(stdout).toMatch(/^imported 1 {2}existing 0 {2}refused 0$/m)
  expect(stdout).toMatch(
    /^billing\.secret:1:1 {2}ks_live_1[0-9a-z]{16}_\*{4} {2}live {2}checksum ok$/m,
  )
}, 120_000)

test('npm run demo shows the life of a key, step by step', () => {
  const { status, stdout } = paste(
    `export KEYSMITH_TOKEN=$(npm run -s keysmith -- token create --name demo --permission '*' --permission 'keys:*')
     KEYSMITH_ENDPOINT=http://127.0.0.1:8420 npm run -s demo`,
  )
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ks_\w+\*+/, '<secret>'))
  expect(steps.map((step) => step.replace(/ {2,}/g, ' '))).toEqual([
    'create <secret>',
    'verify the secret valid',
    'rotate <secret> the old one works for an hour',
    'verify old secret valid',
    'verify new secret valid',
    'overlap ended now',
    'verify old secret expired',
    'verify new secret valid',
    'revoke done',
    'verify new secret revoked',
  ])
  expect(status).toBe(0)
})

test('every TypeScript block of the READMEs and pages compiles', () => {
  const readmes = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`)
  const blocks = ['README.md', 'docs/adapters.md', ...readmes].flatMap((file) =>
    codeBlocks(file, 'ts'),
  )
  expect(blocks.length).toBeGreaterThan(2)
  const folder = join(ROOT, 'reports', 'readme-blocks')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [index, block] of blocks.entries()) {
    writeFileSync(join(folder, `block-${index}.ts`), `${block}\nexport {}\n`)
  }
  const config = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      noUnusedLocals: false,
      types: ['node'],
      customConditions: ['@keysmith/source'],
    },
    include: ['.'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const result = spawnSync('tsc', ['-p', folder], { cwd: ROOT, encoding: 'utf8' })
  expect(result.stdout).toBe('')
  expect(result.status).toBe(0)
})
