import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import getPort from 'get-port'

const MAIN = join(import.meta.dirname, '../src/cli/main.ts')
const NODE_OPTIONS = ['--conditions=@keysmith/source', MAIN]

/** The real command: program and first arguments. */
export const ARGV = [process.execPath, ...NODE_OPTIONS]
/** The same, for a shell. */
export const COMMAND = ARGV.map((part) => `'${part}'`).join(' ')

/** Each command loads the same sources: from the second on they are compiled already. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/keysmith-test')

/** Settings, and what decides about colours: Node shows none where it sees CI. */
const OUTER = /^(KEYSMITH_.*|CI|NO_COLOR|FORCE_COLOR)$/

/** The environment of a command: no setting of the surrounding shell comes along. */
export function commandEnvironment(settings: Record<string, string>): NodeJS.ProcessEnv {
  const outer = Object.entries(process.env).filter(([name]) => !OUTER.test(name))
  return { NODE_COMPILE_CACHE: COMPILE_CACHE, ...Object.fromEntries(outer), ...settings }
}

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the real `keysmith` command to its end. */
export async function keysmith(
  args: string[],
  settings: Record<string, string> = {},
  options: {
    input?: string | Buffer
    cwd?: string
    timeout?: number
    uid?: number
    gid?: number
  } = {},
): Promise<CommandResult> {
  const { input, ...rest } = options
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...args], {
    env: commandEnvironment(settings),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...rest,
  })
  child.stdin?.end(input)
  const output = collect(child)
  const [code] = await once(child, 'close')
  return { code, ...output() }
}

export interface RunningServer {
  url: string
  token: string
  child: ChildProcess
  /** All that the process wrote, to both streams. */
  output: () => { stdout: string; stderr: string }
  /** Sends the signal and waits for the end; gives the exit code. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** Starts the real `keysmith serve` on this folder and waits until it is ready. */
export async function serve(options: {
  dataDir: string
  token?: string
  settings?: Record<string, string>
  /** Command and arguments to put before the Node process, such as strace. */
  wrapper?: string[]
}): Promise<RunningServer> {
  const { dataDir, settings = {}, wrapper = [] } = options
  const token = options.token ?? generateKey({ brand: 'ks', kind: 'root' }).secret
  const port = await getPort()
  const tokenFile = `${dataDir}.bootstrap-token`
  writeFileSync(tokenFile, token, { mode: 0o600 })
  const [command = '', ...args] = [...wrapper, process.execPath, ...NODE_OPTIONS, 'serve']
  const child = spawn(command, args, {
    env: commandEnvironment({
      KEYSMITH_DATA_DIR: dataDir,
      KEYSMITH_PORT: String(port),
      KEYSMITH_LOG_LEVEL: 'trace',
      KEYSMITH_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...settings,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  const url = `http://127.0.0.1:${port}`
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const ended = once(child, 'close')
    child.kill(signal)
    const [code] = await ended
    return code
  }
  await ready(child, url, output)
  return { url, token, child, output, stop }
}

async function ready(child: ChildProcess, url: string, output: RunningServer['output']) {
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`keysmith serve ended with ${child.exitCode}: ${output().stderr}`)
    }
    const response = await fetch(`${url}/readyz`).catch(() => null)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function collect(child: ChildProcess) {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return () => ({ stdout, stderr })
}
