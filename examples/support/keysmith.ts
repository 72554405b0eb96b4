import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { plainEnvironment, startProgram } from './process.ts'

/** From source, so that an example needs no build. */
const COMMAND = [
  '--conditions=@keysmith/source',
  join(import.meta.dirname, '../../packages/server/src/cli/main.ts'),
]

export interface Keysmith {
  baseUrl: string
  /** A management token with the permissions that were asked for. */
  token: string
  /** For files of the example; removed at the end. */
  folder: string
  /** Runs a `keysmith` command and gives what it prints. */
  command: (args: string[]) => string
  stop: () => Promise<void>
}

/** Starts a Keysmith on a folder that is thrown away, and makes a management token. */
export async function startKeysmith(permissions: string[]): Promise<Keysmith> {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-example-'))
  const port = await getPort()
  const baseUrl = `http://127.0.0.1:${port}`
  const settings = { KEYSMITH_DATA_DIR: join(folder, 'data'), KEYSMITH_PORT: `${port}` }
  const env: NodeJS.ProcessEnv = { ...plainEnvironment(), ...settings }
  const service = await startProgram([...COMMAND, 'serve'], env, `${baseUrl}/readyz`)
  const stop = async () => {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const command = (args: string[]) =>
    execFileSync(process.execPath, [...COMMAND, ...args], { env, encoding: 'utf8' })
  try {
    const token = createToken(command, permissions)
    Object.assign(env, { KEYSMITH_ENDPOINT: baseUrl, KEYSMITH_TOKEN: token })
    return { baseUrl, token, folder, command, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function createToken(command: Keysmith['command'], permissions: string[]): string {
  const rights = permissions.flatMap((permission) => ['--permission', permission])
  const created = command(['token', 'create', '--name', 'example', ...rights, '--json'])
  return JSON.parse(created).secret
}
