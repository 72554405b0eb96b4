import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'

const SERVE = ['--conditions=@keysmith/source', '../../server/src/cli/main.ts', 'serve']
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/keysmith-test')

export interface Keysmith {
  url: string
  /** Secret of a management token with every permission. */
  token: string
  dataDir: string
  /** All that the process wrote, to both streams. */
  output(): string
  /** Ends the process and removes its folder. */
  stop(): Promise<void>
}

/** Starts the real `keysmith serve` on a folder of its own and waits until it is ready. */
export async function startKeysmith(settings: Record<string, string> = {}): Promise<Keysmith> {
  const root = mkdtempSync(join(tmpdir(), 'keysmith-client-'))
  const dataDir = join(root, 'data')
  const token = generateKey({ brand: 'ks', kind: 'root' }).secret
  const tokenFile = join(root, 'token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  const port = await freePort()
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const child = spawn(process.execPath, SERVE, {
    cwd: import.meta.dirname,
    env: {
      ...Object.fromEntries(outer),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      KEYSMITH_DATA_DIR: dataDir,
      KEYSMITH_PORT: String(port),
      KEYSMITH_LOG_LEVEL: 'trace',
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...settings,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url, () => output)
  const stop = async () => {
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    rmSync(root, { recursive: true, force: true })
  }
  return { url, token, dataDir, output: () => output, stop }
}

async function untilReady(child: ChildProcess, url: string, output: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`keysmith serve ended: ${output()}`)
    const response = await fetch(`${url}/readyz`).catch(() => null)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
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
