import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const ROOTED = /^(packages|examples|scripts|bench)\//

interface Row {
  number: string
  files: string[]
  /** Names of tests, as far as they are the same in each run. */
  names: string[]
}

/** The rows of the tables, with what stands in their last column. */
function readRows(page: string): Row[] {
  const rows = page.matchAll(/^\| ([RL]\d+) \| .* \| (.*) \|$/gm)
  return [...rows].map(([, number = '', keptBy = '']) => ({
    number,
    files: [...keptBy.matchAll(/`([\w./-]+\/[\w./-]+)`/g)].map(([, file = '']) => file),
    names: [...keptBy.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  }))
}

/** The text of a test or of a contract suite, or null where there is none. */
function readTest(file: string): string | null {
  const path = join(ROOT, ROOTED.test(file) ? file : join('packages/server', file))
  const found = [`${path}.test.ts`, `${path}.ts`].find((each) => existsSync(each))
  return found === undefined ? null : readFileSync(found, 'utf8')
}

/** What of the rows does not exist. */
function missing(page: string): string[] {
  return readRows(page).flatMap(({ number, files, names }) => {
    const tests = files.map(readTest)
    const lost = files.filter((_file, index) => tests[index] === null)
    const unknown = names.filter((name) => !tests.some((text) => text?.includes(name)))
    return [...lost, ...unknown].map((what) => `${number}: ${what}`)
  })
}

test('every test that the requirements name exists', () => {
  const page = readFileSync(join(ROOT, 'docs/requirements.md'), 'utf8')
  const rows = readRows(page)
  expect(rows.filter(({ number }) => number.startsWith('R')).length).toBeGreaterThan(30)
  const limits = rows.filter(({ number }) => number.startsWith('L'))
  expect(limits.filter(({ names }) => names.length === 0)).toEqual([])
  expect(limits.length).toBeGreaterThan(20)
  expect(missing(page)).toEqual([])
})

test('planted defects: a lost file and a test of another name are found', () => {
  const page = '| R1 | a | `test/nowhere` |\n| L1 | b | `test/quota-storm` "no such promise" |'
  expect(missing(page)).toEqual(['R1: test/nowhere', 'L1: no such promise'])
})
