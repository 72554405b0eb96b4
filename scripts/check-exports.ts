/**
 * Packs every package that will be published and checks the tarball as its users will meet it: publint for
 * package.json, attw for the types, and a size budget for what ends up in a browser. Run after `npm run build`.
 *
 *   node scripts/check-exports.ts [ROOT]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { rolldown } from 'rolldown'

/** Entry of a package -> bytes after bundling, minifying and gzip. */
const BUDGETS: Record<string, number> = { '@keysmith/key-format': 1200 }

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const attw = join(import.meta.dirname, '../node_modules/.bin/attw')
const temporary = mkdtempSync(join(tmpdir(), 'exports-'))

const folders = globSync('{packages,apps}/*/package.json', { cwd: root })
  .map((file) => join(root, dirname(file)))
  .filter((folder) => !readPackage(folder).private)
  .sort()

const problems: string[] = []
try {
  for (const folder of folders) await check(folder)
} finally {
  rmSync(temporary, { recursive: true })
}
if (folders.length === 0) problems.push(`no package to publish under ${root}`)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)

async function check(folder: string) {
  const { name } = readPackage(folder)
  const { file, files, bytes } = pack(folder)
  const found = [
    ...files.filter((path) => /\.test\.|\.contract\./.test(path)).map((p) => `ships a test: ${p}`),
    ...(await lintPackage(file)),
    ...lintTypes(file),
    ...(await measure(name, folder)),
  ]
  console.log(`${found.length ? 'fail' : 'ok  '}  ${name}  ${files.length} files, ${bytes} bytes`)
  problems.push(...found.map((text) => `${name}: ${text}`))
}

function pack(folder: string) {
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', temporary]
  const [packed] = JSON.parse(execFileSync('npm', options, { cwd: folder, encoding: 'utf8' }))
  const files: string[] = packed.files.map(({ path }: { path: string }) => path)
  return { file: join(temporary, packed.filename), files, bytes: packed.size as number }
}

async function lintPackage(file: string): Promise<string[]> {
  const tarball = new Uint8Array(readFileSync(file)).buffer
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  return messages.map((message) => {
    const text = formatMessage(message, pkg) ?? message.code
    return `publint: ${stripVTControlCharacters(text)}`
  })
}

function lintTypes(file: string): string[] {
  const options = ['--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji']
  const run = spawnSync(attw, [file, ...options], { encoding: 'utf8' })
  return run.status === 0 ? [] : [`attw:\n${run.stdout}${run.stderr}`]
}

async function measure(name: string, folder: string): Promise<string[]> {
  const budget = BUDGETS[name]
  if (budget === undefined) return []
  const bundle = await rolldown({ input: join(folder, readPackage(folder).exports['.'].default) })
  const { output } = await bundle.generate({ format: 'es', minify: true })
  const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')
  const bytes = gzipSync(code, { level: 9 }).length
  console.log(`      ${name}  ${bytes} of at most ${budget} bytes gz`)
  return bytes > budget ? [`${bytes} bytes gz, the budget is ${budget}`] : []
}

function readPackage(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
