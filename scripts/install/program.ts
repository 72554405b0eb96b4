/**
 * What a user does first, with the packages as they are installed beside this file: imports every module they
 * export, asks the command for help, starts the service, makes a token, and leads a key through its life.
 *
 *   node program.ts ENTRY...
 */
import { strict as assert } from 'node:assert'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const COMMAND = join(import.meta.dirname, 'node_modules/.bin/keysmith')
const PERMISSIONS = ['keys:write', 'keys:read', 'keys:verify', 'jobs:write']

for (const entry of process.argv.slice(2)) await import(entry)

const help = execFileSync(COMMAND, ['--help'], { encoding: 'utf8' })
assert.match(help, /serve/)
const version = execFileSync(COMMAND, ['version', '--json'], { encoding: 'utf8' })
assert.equal(JSON.parse(version).node, process.versions.node, 'the command runs on this Node')

const folder = mkdtempSync(join(tmpdir(), 'keysmith-install-'))
const port = await freePort()
const env = { ...process.env, KEYSMITH_DATA_DIR: join(folder, 'data'), KEYSMITH_PORT: `${port}` }
const service = spawn(COMMAND, ['serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
try {
  const baseUrl = `http://127.0.0.1:${port}`
  await ready(service, baseUrl)
  await lifeOfKey(baseUrl, createToken())
} finally {
  await stop(service)
  rmSync(folder, { recursive: true, force: true })
}
assert.equal(service.exitCode, 0, 'the service ends in order')
console.log(`ok    node ${process.versions.node}`)

async function lifeOfKey(baseUrl: string, token: string): Promise<void> {
  const { createClient } = await import('@keysmith/client')
  const { leases } = await import('@keysmith/client/leases')
  const { keys, verify } = createClient({ baseUrl, token })
  const leased = createClient({ baseUrl, token, verify: { lease: leases() } })
  const question = { permissions: ['jobs:write'] }

  const { key, secret } = await keys.create({ name: 'first', permissions: ['jobs:write'] })
  assert.equal((await verify(secret, question)).code, 'valid')
  assert.equal((await leased.verify(secret, question)).code, 'valid')
  assert.equal((await verify(secret, { permissions: ['jobs:read'] })).code, 'missing_permission')
  await keys.revoke(key.id, { reason: 'installed' })
  assert.equal((await verify(secret, question)).code, 'revoked')
}

function createToken(): string {
  const permissions = PERMISSIONS.flatMap((name) => ['--permission', name])
  const options = ['token', 'create', '--name', 'first', ...permissions, '--json']
  return JSON.parse(execFileSync(COMMAND, options, { env, encoding: 'utf8' })).secret
}

async function ready(child: ChildProcess, baseUrl: string): Promise<void> {
  const deadline = AbortSignal.timeout(30_000)
  for (;;) {
    assert.equal(child.exitCode, null, 'keysmith serve ended')
    deadline.throwIfAborted()
    const answer = await fetch(`${baseUrl}/readyz`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'close')
  child.kill()
  await ended
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
