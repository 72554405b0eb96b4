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
    {
      'dist/index.js': `export const a = ${JSON.stringify(noise)}\n`,
      'dist/index.d.ts': 'export declare const a: Buffer\n',
    },
  )
  addClient()
  checked = checkExports(root)
})

/** A client in which one thing each is wrong with the entries `verify`, `express`, `next` and `web`. */
function addClient() {
  const modules = {
    index: 'export const createClient = 1\n',
    verify: "import { hash } from 'node:crypto'\nexport const createVerifier = hash\n",
    fastify: "import { createVerifier } from './verify.js'\nexport const v = createVerifier\n",
    express: 'export const express = 1\n',
    hono: 'export const hono = 1\n',
    web: `export const web = ${JSON.stringify(noise)}\n`,
  }
  const types: Record<string, string> = {
    web: '/// <reference types="node" preserve="true" />\nexport declare const web: string[]\n',
  }
  const names = Object.keys(modules)
  const exports = names.map((name) => [
    name === 'index' ? '.' : `./${name}`,
    { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
  ])
  const files = Object.entries(modules).flatMap(([name, code]) => [
    [`dist/${name}.js`, code],
    [`dist/${name}.d.ts`, types[name] ?? 'export {}\n'],
  ])
  addPackage(
    'client',
    {
      name: '@keysmith/client',
      type: 'module',
      exports: Object.fromEntries(exports),
      dependencies: { '@keysmith/key-format': '1.0.0', lodash: '4.17.21' },
      peerDependencies: { hono: '4', react: '19' },
      peerDependenciesMeta: { hono: { optional: true } },
    },
    Object.fromEntries(files),
  )
}

test('a package that its users can import passes', () => {
  expect(checked.output).toContain('ok    good')
  expect(checked.output).not.toContain('good: ')
})

test('what an adapter shares with its verifier, and an optional peer, is not held against it', () => {
  expect(checked.output).toMatch(/client\/express besides @keysmith\/client\/verify {2}\d\d? of/)
  expect(checked.output).not.toMatch(/client\/(express|fastify|hono).*the budget is/)
  expect(checked.output).not.toContain('depends on hono')
})

test('a private package is not checked', () => {
  expect(checked.output).not.toContain('hidden')
})

test.for([
  ['an entry that is not in the tarball', './dist/gone.js but the file does not exist'],
  ['types that promise another module system', 'broken: attw:'],
  ['a bundle above its budget', 'key-format: @keysmith/key-format: 2'],
  ['an adapter that adds more than its budget', 'client/web besides @keysmith/client/verify: 2'],
  ['an entry that has a budget and is gone', '@keysmith/client/next cannot be bundled'],
  ['a module of Node in a browser', 'client/verify needs node:crypto, which no browser has'],
  ['a module of Node on Workers', 'client/fastify needs node:crypto, which no worker has'],
  ['a type of Node on Workers', "Cannot find name 'Buffer'"],
  ['a reference to the types of Node', '@types/node/index.d.ts'],
  ['a dependency that a portable package may not have', 'client: depends on lodash'],
  ['a peer that must be installed', 'client: depends on react'],
  ['a test in the tarball', 'broken: ships a test: dist/a.test.js'],
] as const)('%s is refused', ([, message]) => {
  expect(checked.output).toContain(message)
  expect(checked.code).toBe(1)
})

test('a tree with nothing to publish is refused', () => {
  expect(checkExports(join(root, 'packages/good'))).toMatchObject({ code: 1 })
})
