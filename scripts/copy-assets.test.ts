import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function copyAssets(files: string[]) {
  folder = mkdtempSync(join(tmpdir(), 'assets-'))
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), file)
  }
  const script = join(import.meta.dirname, 'copy-assets.ts')
  const { status } = spawnSync(process.execPath, [script], { cwd: folder })
  return { status, dist: globSync('dist/**/*.*', { cwd: folder }).sort() }
}

test('dist holds exactly the assets of src, in the same tree, beside the compiled code', () => {
  const { status, dist } = copyAssets([
    'src/app.ts',
    'src/store/sqlite/migrations/0001-init.sql',
    'src/routes/docs.html',
    'dist/app.js',
    'dist/app.d.ts',
    'dist/store/sqlite/migrations/0001-renamed.sql',
  ])
  expect(status).toBe(0)
  expect(dist).toEqual([
    'dist/app.d.ts',
    'dist/app.js',
    'dist/routes/docs.html',
    'dist/store/sqlite/migrations/0001-init.sql',
  ])
})

test('a folder without assets is refused', () => {
  expect(copyAssets(['src/app.ts']).status).toBe(1)
})
