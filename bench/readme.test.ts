import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toTable } from './readme.ts'

const RESULTS = join(import.meta.dirname, 'results')

/** The newest result of each benchmark: dates sort as text. */
function newestResults(): string[] {
  const files = readdirSync(RESULTS).sort()
  return [...new Map(files.map((file) => [file.replace(/-[\d-]+\.json$/, ''), file])).values()]
}

test('the README shows the newest result of each benchmark', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const files = newestResults()
  expect(files.length).toBeGreaterThan(1)
  for (const file of files) {
    const result = JSON.parse(readFileSync(join(RESULTS, file), 'utf8'))
    expect(readme).toContain(toTable({ file, ...result }))
  }
})

test('every benchmark has its section in the README', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const program = readFileSync(join(import.meta.dirname, 'run.ts'), 'utf8')
  const names = [...program.matchAll(/^ {2}(\w+): measure\w+,$/gm)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(9)
  for (const name of names) expect(readme).toContain(`\n## ${name}\n`)
})
