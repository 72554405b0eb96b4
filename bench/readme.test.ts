import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Result, toLine } from './result.ts'

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
    const result: Result = JSON.parse(readFileSync(join(RESULTS, file), 'utf8'))
    expect(readme).toContain(`\`results/${file}\``)
    expect(readme).toContain(result.figures.map(toLine).join('\n'))
  }
})
