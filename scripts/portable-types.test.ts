import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const CLIENT = join(import.meta.dirname, '../packages/client')

/** What `npm run types` says of a source file of the client with this text. */
function check(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portable-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'source.mts'), text)
  const config = {
    extends: join(CLIENT, 'tsconfig.portable.json'),
    files: ['source.mts'],
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return spawnSync('tsc', ['-p', folder], { encoding: 'utf8' }).stdout
}

test.for([
  ['Buffer', 'export const bytes = Buffer.from([1])\n'],
  ['process', 'export const { env } = process\n'],
  ['node:crypto', "export { hash } from 'node:crypto'\n"],
] as const)('a source file of the client that uses %s does not compile', ([name, text]) => {
  expect(check(text)).toContain(name)
})

test('what browsers, Workers and Node have in common compiles', () => {
  expect(check('export const answer = fetch(new URL("https://example.com"))\n')).toBe('')
})
