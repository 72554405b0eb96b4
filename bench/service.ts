import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import { type Program, startProgram } from './program.ts'

/** The built command. */
export const COMMAND = join(import.meta.dirname, '../packages/server/dist/cli/main.js')

/** What `npm start` gives to Node: a small young generation, for 60 MiB less with a full cache. */
export const AS_NPM_START = ['--max-semi-space-size=4']

export interface Service extends Program {
  /** A management token with every permission. */
  token: string
}

export interface ServiceOptions {
  /** Kept after the stop. Default: one that is thrown away. */
  folder?: string
  /** `KEYSMITH_*` beside what the start needs. Default: none, so that the product's defaults count. */
  settings?: Record<string, string>
  /** For Node itself. */
  nodeOptions?: string[]
}

/** Starts the built service as a process of its own. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-')), settings, nodeOptions } = options
  const words = [...AS_NPM_START, ...(nodeOptions ?? []), COMMAND, 'serve']
  const tokenFile = join(folder, 'token')
  const token = ensureToken(folder, tokenFile)
  const program = await startProgram(() => words, {
    env: (port) => ({
      KEYSMITH_DATA_DIR: join(folder, 'data'),
      KEYSMITH_PORT: `${port}`,
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...settings,
    }),
    path: '/readyz',
  })
  const stop = async (signal?: NodeJS.Signals) => {
    await program.stop(signal)
    if (options.folder === undefined) rmSync(folder, { recursive: true })
  }
  return { ...program, token, stop }
}

/** The token of the folder, made with it. */
function ensureToken(folder: string, file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const { secret } = generateKey({ brand: 'ks', kind: 'root' })
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, secret, { mode: 0o600 })
  return secret
}
