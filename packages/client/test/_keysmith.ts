import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import { type Client, createClient } from '../src/index.ts'

const SERVE = ['--conditions=@keysmith/source', '../../server/src/cli/main.ts', 'serve']
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/keysmith-test')

/** The line of its log that names the port it chose. */
const READY = /"address":"([^"]+)".*"msg":"ready"/

export interface Keysmith {
  url: string
  /** Secret of a management token with every permission. */
  token: string
  /** A client with that token. */
  client: Client
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
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const child = spawn(process.execPath, SERVE, {
    cwd: import.meta.dirname,
    env: {
      ...Object.fromEntries(outer),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      KEYSMITH_DATA_DIR: dataDir,
      KEYSMITH_PORT: '0',
      KEYSMITH_LOG_LEVEL: 'trace',
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...settings,
    },
  })
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
        const [, address] = READY.exec(output) ?? []
        if (address !== undefined) resolve(address)
      })
    }
    child.once('close', () => reject(new Error(`keysmith serve ended: ${output}`)))
  })
  const stop = async () => {
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    rmSync(root, { recursive: true, force: true })
  }
  const client = createClient({ baseUrl: url, token })
  return { url, token, client, dataDir, output: () => output, stop }
}
