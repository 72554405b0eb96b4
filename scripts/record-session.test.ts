import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { redactKeys } from '../packages/key-format/src/index.ts'
import { recordSession } from './record-session.ts'

const PAGE = join(import.meta.dirname, '../docs/terminal-session.md')

/** Ids, times and the widths that follow from them differ from run to run. */
function shapeOf(page: string): string {
  return page
    .replaceAll(/(?<![0-9a-z])[0-9a-z]{16}(?![0-9a-z])/g, 'ID')
    .replaceAll(/(_1)[0-9a-z]{16}(_\*)/g, '$1ID$2')
    .replaceAll(/20\d\d-\d\d-\d\d(?:T[\d:.]+Z)?/g, 'TIME')
    .replaceAll(/\d{13}/g, 'VERSION')
    .replaceAll(/in \d+ (?:days|hours|minutes)|\d+ minutes? ago|this minute|tomorrow/g, 'SOON')
    .replaceAll(/ {2,}/g, '  ')
}

test('the recorded session is what the commands print today', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const fresh = await recordSession()
  expect(shapeOf(page), 'run scripts/record-session.ts').toBe(shapeOf(fresh))
})

test('the recorded session shows no secret', () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(page).toMatch(/ks_live_1[0-9a-z]{16}_\*{4}/)
  expect(redactKeys(page)).toBe(page)
})
