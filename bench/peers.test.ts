import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, 'peers')
/** It installs packages. */
const TIMEOUT_MS = 180_000

function run(command: string, args: string[]) {
  return spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' })
}

test(
  'the peers, which the repository has no packages for, fit the types of their own',
  () => {
    if (!existsSync(join(FOLDER, 'node_modules'))) {
      const { status, stderr } = run('npm', ['ci', '--no-audit', '--no-fund', '--silent'])
      expect(status, stderr).toBe(0)
    }
    expect(run('tsc', ['-p', '.']).stdout).toBe('')
  },
  TIMEOUT_MS,
)
