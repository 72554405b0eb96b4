/**
 * Runs an example after `npm ci`.
 *
 *   npm run example -- NAME
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'

const names = globSync('*/package.json', { cwd: import.meta.dirname })
  .map(dirname)
  .sort()
const name = process.argv[2] ?? ''
if (!names.includes(name)) {
  console.error(`Usage: npm run example -- ${names.join('|')}`)
  process.exit(2)
}

const { status } = spawnSync('npm', ['run', '-s', 'start'], {
  cwd: join(import.meta.dirname, name),
  stdio: 'inherit',
})
process.exitCode = status ?? 1
