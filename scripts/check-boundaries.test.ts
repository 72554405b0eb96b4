import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const SCRIPT = join(import.meta.dirname, 'check-boundaries.ts')
const SERVER = 'packages/server/src'

const roots: string[] = []
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

function workspacePackage(name: string, dependencies: Record<string, string>) {
  const exports = { '.': { '@keysmith/source': './src/index.ts', default: './dist/index.js' } }
  return JSON.stringify({ name: `@keysmith/${name}`, type: 'module', exports, dependencies })
}

/** A small Keysmith in which every import is allowed. */
const clean: Record<string, string> = {
  'package.json': '{ "name": "fixture", "private": true, "devDependencies": { "vitest": "1" } }',
  'node_modules/fastify/package.json': '{ "name": "fastify", "exports": "./index.js" }',
  'node_modules/fastify/index.js': 'export const fastify = () => {}\n',
  'node_modules/better-sqlite3/package.json': '{ "name": "better-sqlite3", "main": "index.js" }',
  'node_modules/better-sqlite3/index.js': 'module.exports = class {}\n',
  'node_modules/vitest/package.json': '{ "name": "vitest", "exports": "./index.js" }',
  'node_modules/vitest/index.js': 'export const test = () => {}\n',

  'packages/key-format/package.json': workspacePackage('key-format', {}),
  'packages/key-format/src/index.ts': "export { parse } from './parse.ts'\n",
  'packages/key-format/src/parse.ts': 'export const parse = (text: string) => text\n',

  'packages/contract/package.json': workspacePackage('contract', {}),
  'packages/contract/src/index.ts':
    'export type Key = { id: string }\nexport const schema = { type: 1 }\n',

  'packages/client/package.json': workspacePackage('client', { '@keysmith/contract': '0' }),
  'packages/client/src/index.ts': "export type { Key } from '@keysmith/contract'\n",

  'examples/protect/package.json': workspacePackage('protect', { '@keysmith/client': '0' }),
  'examples/protect/server.ts': "export type { Key } from '@keysmith/client'\n",
  'examples/support/service.ts': "export type { Key } from '@keysmith/client'\n",
  'examples/protect/start.ts': "export type { Key } from '../support/service.ts'\n",
  'bench/run.ts': "export type { Key } from '@keysmith/client'\n",

  'packages/server/package.json': workspacePackage('server', {
    '@keysmith/client': '0',
    '@keysmith/contract': '0',
    '@keysmith/key-format': '0',
    'better-sqlite3': '1',
    fastify: '1',
  }),
  [`${SERVER}/index.ts`]: 'export const version = 1\n',
  [`${SERVER}/cli/main.ts`]: "import { buildApp } from '../app.ts'\nbuildApp()\n",
  [`${SERVER}/cli/key.ts`]: "export type { Key } from '@keysmith/client'\n",
  [`${SERVER}/app.ts`]: [
    "import { fastify } from 'fastify'",
    "import { keyRoutes } from './routes/keys.ts'",
    "import { openStore } from './store/sqlite/open.ts'",
    'export const buildApp = () => keyRoutes(fastify(), openStore())\n',
  ].join('\n'),
  [`${SERVER}/routes/keys.ts`]: [
    "import { schema } from '@keysmith/contract'",
    "import { issueKey } from '../keys/issue-key.ts'",
    "import type { KeyStore } from '../store/key-store.ts'",
    'export const keyRoutes = (app: unknown, store: KeyStore) => [app, schema, issueKey(store)]\n',
  ].join('\n'),
  [`${SERVER}/keys/issue-key.ts`]: [
    "import { parse } from '@keysmith/key-format'",
    "import type { KeyStore } from '../store/key-store.ts'",
    "export const issueKey = (store: KeyStore) => store.insert(parse('k'))\n",
  ].join('\n'),
  [`${SERVER}/keys/issue-key.test.ts`]: [
    "import { test } from 'vitest'",
    "import { openStore } from '../store/sqlite/open.ts'",
    'test(String(openStore()))\n',
  ].join('\n'),
  [`${SERVER}/store/key-store.ts`]: 'export type KeyStore = { insert(key: string): void }\n',
  [`${SERVER}/store/sqlite/open.ts`]: [
    "import Database from 'better-sqlite3'",
    "import type { KeyStore } from '../key-store.ts'",
    'export const openStore = (): KeyStore => new Database()\n',
  ].join('\n'),
}

function plant(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'))
  roots.push(root)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  mkdirSync(join(root, 'node_modules/@keysmith'), { recursive: true })
  for (const name of ['client', 'contract', 'key-format', 'server']) {
    symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@keysmith', name))
  }
  return root
}

function check(root: string, nodeOptions: string[] = []) {
  const run = spawnSync(process.execPath, [...nodeOptions, SCRIPT, root], { encoding: 'utf8' })
  return { code: run.status, output: run.stdout + run.stderr }
}

const violations: [rule: string, file: string, text: string][] = [
  [
    'nobody-imports-server',
    'packages/client/src/boot.ts',
    "export { version } from '@keysmith/server'",
  ],
  [
    'direction-client',
    'packages/client/src/boot.ts',
    "export { version } from '../../server/src/index.ts'",
  ],
  [
    'direction-key-format',
    'packages/key-format/src/schema.ts',
    "import type { Key } from '@keysmith/contract'\nexport type K = Key",
  ],
  [
    'direction-cdktf-constructs',
    'packages/cdktf-constructs/src/index.ts',
    "export type { Key } from '../../contract/src/index.ts'",
  ],
  [
    'direction-examples',
    'examples/protect/schema.ts',
    "export { schema } from '@keysmith/contract'",
  ],
  ['nobody-imports-server', 'bench/boot.ts', "export { version } from '@keysmith/server'"],
  [
    'packages-through-their-exports',
    'bench/parse.ts',
    "export { parse } from '../packages/key-format/src/parse.ts'",
  ],
  [
    'direction-unlisted',
    'packages/utils/src/index.ts',
    "export { parse } from '@keysmith/key-format'",
  ],
  [
    'contract-as-types-only',
    'packages/client/src/schema.ts',
    "export { schema } from '@keysmith/contract'",
  ],
  ['frameworks-as-types-only', 'packages/client/src/hook.ts', "export { fastify } from 'fastify'"],
  [
    'packages-through-their-exports',
    `${SERVER}/keys/parse.ts`,
    "export { parse } from '../../../key-format/src/parse.ts'",
  ],
  [
    'only-app-imports-adapters',
    `${SERVER}/routes/audit.ts`,
    "export { openStore } from '../store/sqlite/open.ts'",
  ],
  [
    'only-adapters-import-drivers',
    `${SERVER}/audit/chain.ts`,
    "export type { Database } from 'better-sqlite3'",
  ],
  ['rules-know-no-framework', `${SERVER}/keys/reply.ts`, "export { fastify } from 'fastify'"],
  [
    'rules-import-ports-only',
    `${SERVER}/tokens/issue-token.ts`,
    "export { keyRoutes } from '../routes/keys.ts'",
  ],
  ['routes-look-down', `${SERVER}/routes/meta.ts`, "export { buildApp } from '../app.ts'"],
  [
    'commands-import-app-only',
    `${SERVER}/cli/issue.ts`,
    "export { issueKey } from '../keys/issue-key.ts'",
  ],
  [
    'only-commands-import-client',
    `${SERVER}/routes/ask.ts`,
    "export type { Key } from '@keysmith/client'",
  ],
  [
    'storage-imports-no-http',
    `${SERVER}/store/sqlite/backup.ts`,
    "export { keyRoutes } from '../../routes/keys.ts'",
  ],
  ['leaves-stay-leaves', `${SERVER}/config.ts`, "export { issueKey } from './keys/issue-key.ts'"],
  ['no-cycle', 'packages/key-format/src/parse.ts', "export { parse } from './index.ts'"],
  ['unresolvable', 'packages/key-format/src/crc.ts', "export { crc } from './missing.ts'"],
  ['not-to-dev-dep', `${SERVER}/keys/helper.ts`, "export { test } from 'vitest'"],
  ['not-to-test', `${SERVER}/routes/test.ts`, "export { x } from '../keys/issue-key.test.ts'"],
]

let refused: ReturnType<typeof check>
beforeAll(() => {
  const planted = violations.map(([, file, text]) => [file, `${text}\n`])
  refused = check(plant({ ...clean, ...Object.fromEntries(planted) }))
})

test('a tree in which every import points the right way passes', () => {
  const { code, output } = check(plant(clean))
  const sources = Object.keys(clean).filter((file) => /^(?!node_modules).*\.ts$/.test(file))
  expect(output).toContain(`${sources.length} source files, all read`)
  expect(code).toBe(0)
})

test.for(violations)('%s refuses %s', ([rule, file]) => {
  expect(refused.output).toContain(`error ${rule}: ${file}`)
  expect(refused.code).toBe(2)
})

test('a tree without sources fails instead of passing with nothing to say', () => {
  const { code, output } = check(plant({ 'package.json': '{}' }))
  expect(output).toContain('boundary check is blind')
  expect(code).toBe(2)
})

test('without a parser the gate fails, although dependency-cruiser itself is content', () => {
  const hideSwc = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@swc/core')) throw new Error('not installed')
      return next(name, context)
    } })`
  const { code, output } = check(plant(clean), [
    '--import',
    `data:text/javascript,${encodeURIComponent(hideSwc)}`,
  ])
  expect(output).toContain('boundary check is blind')
  expect(code).toBe(2)
})
