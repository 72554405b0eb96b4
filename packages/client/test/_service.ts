import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import { type Client, createClient } from '../src/index.ts'

const MAIN = join(import.meta.dirname, '../../server/src/cli/main.ts')
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/keysmith-test')

export interface RunningService {
  url: string
  /** A management token with every permission. */
  token: string
  /** A client with that token. */
  client: Client
  /** Ends the process and removes its folder. */
  stop: () => Promise<void>
}

/** A real `keysmith serve` process on a folder of its own. */
export async function startService(): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-client-'))
  const token = generateKey({ brand: 'ks', kind: 'root' }).secret
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  const port = await freePort()
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const child = spawn(process.execPath, ['--conditions=@keysmith/source', MAIN, 'serve'], {
    env: {
      NODE_COMPILE_CACHE: CACHE,
      ...Object.fromEntries(outer),
      KEYSMITH_DATA_DIR: join(folder, 'data'),
      KEYSMITH_PORT: String(port),
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(`${url}/readyz`).catch(() => null))?.ok) {
    if (child.exitCode !== null) throw new Error(`keysmith serve ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, token, client: createClient({ baseUrl: url, token }), stop }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
