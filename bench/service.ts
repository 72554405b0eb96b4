import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import getPort from 'get-port'

/** The built command. */
export const COMMAND = join(import.meta.dirname, '../packages/server/dist/cli/main.js')

export interface Service {
  baseUrl: string
  /** A management token with every permission. */
  token: string
  stop: () => Promise<void>
}

/** Starts the built service as a process of its own, with its defaults, on a folder that is thrown away. */
export async function startService(): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-'))
  const { secret: token } = generateKey({ brand: 'ks', kind: 'root' })
  const port = await getPort()
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  const child = spawn(process.execPath, [COMMAND, 'serve'], {
    env: {
      ...Object.fromEntries(outer),
      KEYSMITH_DATA_DIR: join(folder, 'data'),
      KEYSMITH_PORT: `${port}`,
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  const baseUrl = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${baseUrl}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error('the service ended')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const stop = async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  }
  return { baseUrl, token, stop }
}
