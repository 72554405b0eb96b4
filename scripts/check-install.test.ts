import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const NODE = `node=${process.execPath}`

/** A service that answers everything with nothing. */
const SERVICE = `#!/usr/bin/env node
import { createServer } from 'node:http'
if (process.argv[2] === 'token') console.log('{"secret":"none"}')
else {
  const service = createServer((_request, response) => response.end())
  service.listen(process.env.KEYSMITH_PORT, '127.0.0.1')
  process.on('SIGTERM', () => process.exit(0))
}
`

/** A client that goes on to let a key through after its end. */
const FORGETFUL_CLIENT = `
const verify = async (_secret, { permissions: [name] }) =>
  ({ code: name === 'jobs:write' ? 'valid' : 'missing_permission' })
const keys = { create: async () => ({ key: {}, secret: '' }), revoke: async () => {} }
export const createClient = () => ({ keys, verify })
export const leases = () => {}
export class NotFoundError extends Error {}
export class ConnectionError extends Error {}
`

/** Checks a tree with one package of these files on the runtimes that are named. */
function checkInstall(manifest: object, files: Record<string, string>, ...runtimes: string[]) {
  const root = mkdtempSync(join(tmpdir(), 'check-install-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const basics = { version: '1.0.0', type: 'module', exports: { '.': './index.js' }, ...manifest }
  const planted = { 'package.json': JSON.stringify(basics), ...files }
  for (const [file, text] of Object.entries(planted)) {
    mkdirSync(join(root, 'packages/planted'), { recursive: true })
    writeFileSync(join(root, 'packages/planted', file), text)
  }
  const script = join(import.meta.dirname, 'check-install.ts')
  const run = spawnSync(process.execPath, [script, root, ...runtimes], { encoding: 'utf8' })
  return { code: run.status, output: run.stdout + run.stderr }
}

function checkClient(runtime: string) {
  const manifest = {
    name: '@keysmith/client',
    engines: { node: '>=22.18' },
    exports: { '.': './index.js', './leases': './index.js' },
    bin: { keysmith: './keysmith.js' },
  }
  const files = { 'index.js': FORGETFUL_CLIENT, 'keysmith.js': SERVICE }
  return checkInstall(manifest, files, runtime)
}

test('a package that imports what is not in its tarball is refused', () => {
  const manifest = { name: 'planted', engines: { node: '>=22.18' } }
  const { code, output } = checkInstall(manifest, { 'index.js': "import './gone.js'\n" }, NODE)
  expect(output).toMatch(/Cannot find module .*gone\.js/)
  expect(output).toContain(`the program failed with ${process.execPath}`)
  expect(output).not.toContain('engines.node')
  expect(code).toBe(1)
})

test('a package that promises another Node than is tried is refused', () => {
  const manifest = { name: 'planted', engines: { node: '>=20' } }
  const { code, output } = checkInstall(manifest, { 'index.js': 'export {}\n' }, NODE)
  expect(output).toContain('planted: engines.node must be >=22.18')
  expect(code).toBe(1)
})

test('a tree with nothing to publish is refused', () => {
  const { code, output } = checkInstall({ name: 'planted', private: true }, {}, NODE)
  expect(output).toContain('no package to publish')
  expect(code).toBe(1)
})

test('a runtime on which a key outlives its end is refused', () => {
  const { code, output } = checkClient(`bun=${process.execPath}`)
  expect(output).toContain('Error: valid where revoked is promised')
  expect(output).toMatch(/^the client failed on bun$/m)
  expect(code).toBe(1)
})

test('a runtime that runs nothing and ends well is refused', () => {
  const { code, output } = checkClient('deno=/usr/bin/true')
  expect(output).toBe('\nthe client failed on deno\n')
  expect(code).toBe(1)
})

test('a runtime of another name is refused', () => {
  const { code, output } = checkInstall({ name: 'planted' }, {}, 'dino=/usr/bin/true')
  expect(output).toContain('not NAME=BINARY: dino=/usr/bin/true')
  expect(code).toBe(1)
})
