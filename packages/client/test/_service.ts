import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
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
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const child = spawn(process.execPath, ['--conditions=@keysmith/source', MAIN, 'serve'], {
    env: {
      NODE_COMPILE_CACHE: CACHE,
      ...Object.fromEntries(outer),
      KEYSMITH_DATA_DIR: join(folder, 'data'),
      KEYSMITH_PORT: '0',
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const url = await addressOf(child)
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, token, client: createClient({ baseUrl: url, token }), stop }
}

/** The address in the first line of its log, written when it is ready. */
async function addressOf({ stdout }: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  let output = ''
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    output += chunk
    const [, url] = /"address":"([^"]+)".*"msg":"ready"/.exec(output) ?? []
    if (!url) continue
    stdout.resume()
    return url
  }
  throw new Error(`keysmith serve ended: ${output}`)
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
