import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'lockfile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command of `npm run lockfile` on our lockfile with more packages in it. */
function check(planted: Record<string, object>) {
  const lockfile = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8'))
  Object.assign(lockfile.packages, planted)
  const file = join(folder, 'package-lock.json')
  writeFileSync(file, JSON.stringify(lockfile))

  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  const command = scripts.lockfile.replaceAll('package-lock.json', file)
  const PATH = `${join(REPOSITORY, 'node_modules/.bin')}:${process.env.PATH}`
  const run = spawnSync('sh', ['-c', command], {
    cwd: REPOSITORY,
    env: { ...process.env, PATH },
    encoding: 'utf8',
  })
  return { code: run.status, output: run.stdout + run.stderr }
}

const integrity = `sha512-${'A'.repeat(86)}==`

test('our own lockfile is accepted', () => {
  expect(check({})).toMatchObject({ code: 0 })
})

test.for([
  'git+ssh://git@example.com/a/b.git#1234567',
  'http://registry.example.com/evil/-/evil-1.0.0.tgz',
  'https://example.com/evil-1.0.0.tgz',
  'file:../evil-1.0.0.tgz',
])('a package from %s is refused', (resolved) => {
  const { code, output } = check({ 'node_modules/evil': { version: '1.0.0', resolved, integrity } })
  expect(output).toContain('evil')
  expect(code).toBe(1)
})

test('a package without a hash is refused', () => {
  const { code, output } = check({ 'node_modules/evil': { version: '1.0.0' } })
  expect(output).toContain('node_modules/evil has no sha512 hash')
  expect(code).toBe(1)
})

test('what npm installs counts: a peer, but not an optional one', () => {
  const names = Array.from({ length: 81 }, (_, n) => `extra-${n}`)
  const entries = names.map((name) => [`node_modules/${name}`, { version: '1.0.0', integrity }])
  const peerDependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
  const optional = Object.fromEntries(names.map((name) => [name, { optional: true }]))
  const planted = (more: object) => ({
    ...Object.fromEntries(entries),
    'packages/server': { dependencies: { ajv: '1' }, peerDependencies, ...more },
  })
  expect(check(planted({})).code).toBe(1)
  expect(check(planted({ peerDependenciesMeta: optional })).code).toBe(0)
})

test('a server that grows beyond its budget is refused', () => {
  const names = Array.from({ length: 81 }, (_, n) => `extra-${n}`)
  const entries = names.map((name) => [`node_modules/${name}`, { version: '1.0.0', integrity }])
  const { code, output } = check({
    ...Object.fromEntries(entries),
    'packages/server': { dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])) },
  })
  expect(output).toContain('the server installs 81 packages, the limit is 80')
  expect(code).toBe(1)
})

test('peers of the server count, unless they are optional', () => {
  const names = Array.from({ length: 81 }, (_, n) => `extra-${n}`)
  const entries = names.map((name) => [`node_modules/${name}`, { version: '1.0.0', integrity }])
  const peerDependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
  const optional = Object.fromEntries(names.slice(1).map((name) => [name, { optional: true }]))
  const { output } = check({
    ...Object.fromEntries(entries),
    'packages/server': { peerDependencies, peerDependenciesMeta: optional },
  })
  expect(output).toContain('the server installs 1 of at most 80 packages')
})

test('the lockfile of an example needs no server, but a hash for every package', () => {
  const file = join(folder, 'example-lock.json')
  const script = join(REPOSITORY, 'scripts/check-lockfile.ts')
  const lockfile = { packages: { '': { name: 'example' }, 'node_modules/good': { integrity } } }
  writeFileSync(file, JSON.stringify(lockfile))
  expect(spawnSync(process.execPath, [script, file])).toMatchObject({ status: 0 })

  Object.assign(lockfile.packages, { 'node_modules/evil': { version: '1.0.0' } })
  writeFileSync(file, JSON.stringify(lockfile))
  const run = spawnSync(process.execPath, [script, file], { encoding: 'utf8' })
  expect(run.stderr).toContain('node_modules/evil has no sha512 hash')
  expect(run.status).toBe(1)
})
