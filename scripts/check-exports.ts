/**
 * Packs every package that will be published and checks the tarball as its users will meet it: publint for
 * package.json, attw for the types, size budgets, and for the packages that run everywhere also what a browser
 * and Workers have. Run after `npm run build`.
 *
 *   node scripts/check-exports.ts [ROOT]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { checkPortable } from './exports/portable.ts'
import { checkSizes } from './exports/sizes.ts'
import { type Packed, packPublished } from './pack.ts'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const modules = join(import.meta.dirname, '../node_modules')
const attw = join(modules, '.bin/attw')

// Below our node_modules: the packed types of an adapter import those of its framework.
mkdirSync(join(modules, '.cache'), { recursive: true })
const installed = mkdtempSync(join(modules, '.cache/exports-'))

const problems: string[] = []
try {
  const packages = packPublished(root, installed)
  if (packages.length === 0) problems.push(`no package to publish under ${root}`)
  for (const packed of packages) unpack(packed)
  for (const packed of packages) await check(packed)
} finally {
  rmSync(installed, { recursive: true })
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)

/** Puts a package where the others find it by its name. */
function unpack({ manifest, tarball }: Packed) {
  const target = join(installed, 'node_modules', manifest.name)
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', target])
}

async function check({ manifest, tarball, files, bytes }: Packed) {
  const { name } = manifest
  const found = [
    ...files.filter((path) => /\.test\.|\.contract\./.test(path)).map((p) => `ships a test: ${p}`),
    ...(await lintPackage(tarball)),
    ...lintTypes(tarball),
    ...(await checkSizes(installed, name)),
    ...(await checkPortable(installed, manifest)),
  ]
  console.log(`${found.length ? 'fail' : 'ok  '}  ${name}  ${files.length} files, ${bytes} bytes`)
  problems.push(...found.map((text) => `${name}: ${text}`))
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
