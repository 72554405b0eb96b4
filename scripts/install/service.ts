import { strict as assert } from 'node:assert'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place } from './life-of-key.ts'

const PERMISSIONS = ['keys:write', 'keys:read', 'keys:verify', 'jobs:write']

interface Installed {
  /** Path of the command `keysmith`. */
  command: string
  env: NodeJS.ProcessEnv
}

/** Starts the service as it is installed, with a token and no data, and sees that it ends in order. */
export async function withService(
  { command, env: outer }: Installed,
  use: (place: Place) => void | Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-install-'))
  const port = await freePort()
  const env = { ...outer, KEYSMITH_DATA_DIR: join(folder, 'data'), KEYSMITH_PORT: `${port}` }
  const service = spawn(command, ['serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    const baseUrl = `http://127.0.0.1:${port}`
    await ready(service, baseUrl)
    const token = createToken({ command, env })
    await use({ baseUrl, token, closedUrl: `http://127.0.0.1:${await freePort()}` })
  } finally {
    await stop(service)
    rmSync(folder, { recursive: true, force: true })
  }
  assert.equal(service.exitCode, 0, 'the service ends in order')
}

function createToken({ command, env }: Installed): string {
  const permissions = PERMISSIONS.flatMap((name) => ['--permission', name])
  const options = ['token', 'create', '--name', 'first', ...permissions, '--json']
  return JSON.parse(execFileSync(command, options, { env, encoding: 'utf8' })).secret
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
