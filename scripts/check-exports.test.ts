import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'exports-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function addPackage(folder: string, manifest: object, files: Record<string, string>) {
  const all = { 'package.json': JSON.stringify({ version: '1.0.0', ...manifest }), ...files }
  for (const [file, text] of Object.entries(all)) {
    const path = join(root, 'packages', folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

function checkExports(folder: string) {
  const script = join(import.meta.dirname, 'check-exports.ts')
  const run = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  return { code: run.status, output: run.stdout + run.stderr }
}

const noise = Array.from({ length: 40 }, (_, n) =>
  createHash('sha512').update(`${n}`).digest('hex'),
)
const typed = { types: './dist/index.d.ts', default: './dist/index.js' }
const source = {
  'dist/index.js': 'export const a = 1\n',
  'dist/index.d.ts': 'export const a = 1\n',
}

let checked: ReturnType<typeof checkExports>
beforeAll(() => {
  addPackage('good', { name: 'good', type: 'module', exports: typed }, source)
  addPackage('hidden', { name: 'hidden', private: true, exports: './missing.js' }, {})
  const commonJs = { types: './dist/index.d.mts', default: './dist/index.js' }
  addPackage(
    'broken',
    { name: 'broken', exports: { '.': commonJs, './gone': './dist/gone.js' } },
    {
      'dist/index.js': 'module.exports = 1\n',
      'dist/index.d.mts': 'export const a = 1\n',
      'dist/a.test.js': '',
    },
  )
  addPackage(
    'large',
    { name: '@keysmith/key-format', type: 'module', exports: { '.': typed } },
    { ...source, 'dist/index.js': `export const a = ${JSON.stringify(noise)}\n` },
  )
  checked = checkExports(root)
})

test('a package that its users can import passes', () => {
  expect(checked.output).toContain('ok    good')
  expect(checked.output).not.toContain('good: ')
})

test('a private package is not checked', () => {
  expect(checked.output).not.toContain('hidden')
})

test.for([
  ['an entry that is not in the tarball', './dist/gone.js but the file does not exist'],
  ['types that promise another module system', 'broken: attw:'],
  ['a bundle above its budget', 'bytes gz, the budget is 1200'],
  ['a test in the tarball', 'broken: ships a test: dist/a.test.js'],
] as const)('%s is refused', ([, message]) => {
  expect(checked.output).toContain(message)
  expect(checked.code).toBe(1)
})

test('a tree with nothing to publish is refused', () => {
  expect(checkExports(join(root, 'packages/good'))).toMatchObject({ code: 1 })
})
