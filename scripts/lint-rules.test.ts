import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '..')
const SRC = 'packages/server/src'

const violations: [rule: string, file: string, text: string][] = [
  ['noExplicitAny', `${SRC}/any.ts`, 'export const parse = (input: any) => input'],
  ['noProcessEnv', `${SRC}/env.ts`, "export const port = process.env['KEYSMITH_PORT']"],
  ['noDefaultExport', `${SRC}/default.ts`, 'export default function issueKey() {}'],
  ['noSkippedTests', `${SRC}/skipped.test.ts`, "test.skip('later', () => {})"],
  ['noFocusedTests', `${SRC}/focused.test.ts`, "test.only('mine', () => {})"],
  ['noNonNullAssertion', `${SRC}/assert.ts`, 'export const id = (k?: { id: 1 }) => k!.id'],
  ['noConsole', `${SRC}/console.ts`, "export const log = () => console.log('secret')"],
  ['noEnum', `${SRC}/enum.ts`, 'export enum State {\n  Active = 1,\n}'],
  [
    'noParameterProperties',
    `${SRC}/property.ts`,
    'export class A {\n  constructor(private b: 1) {}\n}',
  ],
  ['noBarrelFile', `${SRC}/keys/all.ts`, "export { id } from './id.ts'"],
  ['useImportType', `${SRC}/type.ts`, "import { Key } from './id.ts'\n\nexport type K = Key"],
  [
    'useImportExtensions',
    `${SRC}/extension.ts`,
    "import { id } from './id'\n\nexport const a = id",
  ],
  ['useFilenamingConvention', `${SRC}/issueKey.ts`, 'export const a = 1'],
  [
    'noUndeclaredDependencies',
    `${SRC}/lodash.ts`,
    "import { map } from 'lodash'\n\nexport const m = map",
  ],
  [
    'noFloatingPromises',
    `${SRC}/floating.ts`,
    'async function save() {}\n\nexport function issue() {\n  save()\n}',
  ],
  [
    'useExhaustiveSwitchCases',
    `${SRC}/switch.ts`,
    "export function rank(s: 'on' | 'off') {\n  switch (s) {\n    case 'on':\n      return 1\n  }\n}",
  ],
]

/** The same constructs where the house style wants them. */
const allowed: Record<string, string> = {
  [`${SRC}/id.ts`]: 'export type Key = { id: string }\nexport const id = 1\n',
  [`${SRC}/index.ts`]: "export { id } from './id.ts'\n",
  [`${SRC}/config.ts`]: 'export const readConfig = (env = process.env) => env\n',
  [`${SRC}/cli/version.ts`]: "export const version = () => console.log('1')\n",
  [`${SRC}/keys/id.test.ts`]: "import { test } from 'vitest'\n\ntest('id', () => {})\n",
  'vitest.config.ts': 'export default { test: {} }\n',
}

type Diagnostic = { category: string; severity: string; location: { path: string } }
let root = ''
let found: { rule: string; file: string }[] = []

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lint-rules-'))
  cpSync(join(REPOSITORY, 'biome.json'), join(root, 'biome.json'))
  spawnSync('git', ['init', '--quiet'], { cwd: root })
  write('package.json', '{ "name": "fixture", "private": true }\n')
  for (const [, file, text] of violations) write(file, `${text}\n`)
  for (const [file, text] of Object.entries(allowed)) write(file, text)
  found = lint()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, text: string) {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

function lint() {
  const biome = join(REPOSITORY, 'node_modules/.bin/biome')
  const options = ['lint', '--reporter=json', '--max-diagnostics=none', '.']
  const run = spawnSync(biome, options, { cwd: root, encoding: 'utf8' })
  if (run.status !== 1) throw new Error(`biome ended with ${run.status}: ${run.stderr}`)
  const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: Diagnostic[] }
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ category, location }) => ({ rule: category.replace(/^.*\//, ''), file: location.path }))
}

test.for(violations)('%s refuses %s', ([rule, file]) => {
  expect(found).toContainEqual({ rule, file })
})

test.for(Object.keys(allowed))('%s may do what its place allows', (file) => {
  expect(found.filter((d) => d.file === file)).toEqual([])
})
