/**
 * What a user of Node does first, with the packages as they are installed beside this file: imports every
 * module they export, asks the command for help, starts the service, and leads a key through its life.
 *
 *   node program.ts ENTRY...
 */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { withService } from './service.ts'

const COMMAND = join(import.meta.dirname, 'node_modules/.bin/keysmith')

for (const entry of process.argv.slice(2)) await import(entry)

const help = execFileSync(COMMAND, ['--help'], { encoding: 'utf8' })
assert.match(help, /serve/)
const version = execFileSync(COMMAND, ['version', '--json'], { encoding: 'utf8' })
assert.equal(JSON.parse(version).node, process.versions.node, 'the command runs on this Node')

// Only now: which of the entries cannot be imported is to be seen first.
const { lifeOfKey } = await import('./life-of-key.ts')
await withService({ command: COMMAND, env: process.env }, lifeOfKey)
console.log(`ok    node ${process.versions.node}`)
