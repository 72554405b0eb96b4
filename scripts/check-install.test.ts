import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

/** Checks a tree with one package of this text, with the Node that runs here. */
function checkInstall(manifest: object, index: string) {
  const root = mkdtempSync(join(tmpdir(), 'check-install-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const basics = { version: '1.0.0', type: 'module', exports: { '.': './index.js' }, ...manifest }
  const files = { 'package.json': JSON.stringify(basics), 'index.js': index }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, 'packages/planted'), { recursive: true })
    writeFileSync(join(root, 'packages/planted', file), text)
  }
  const script = join(import.meta.dirname, 'check-install.ts')
  const run = spawnSync(process.execPath, [script, root, process.execPath], { encoding: 'utf8' })
  return { code: run.status, output: run.stdout + run.stderr }
}

test('a package that imports what is not in its tarball is refused', () => {
  const manifest = { name: 'planted', engines: { node: '>=22.18' } }
  const { code, output } = checkInstall(manifest, "import './gone.js'\n")
  expect(output).toMatch(/Cannot find module .*gone\.js/)
  expect(output).toContain(`the program failed with ${process.execPath}`)
  expect(output).not.toContain('engines.node')
  expect(code).toBe(1)
})

test('a package that promises another Node than is tried is refused', () => {
  const manifest = { name: 'planted', engines: { node: '>=20' } }
  const { code, output } = checkInstall(manifest, 'export {}\n')
  expect(output).toContain('planted: engines.node must be >=22.18')
  expect(code).toBe(1)
})

test('a tree with nothing to publish is refused', () => {
  const { code, output } = checkInstall({ name: 'planted', private: true }, 'export {}\n')
  expect(output).toContain('no package to publish')
  expect(code).toBe(1)
})
