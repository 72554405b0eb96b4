import { spawn } from 'node:child_process'
import { once } from 'node:events'
import getPort from 'get-port'

export interface Running {
  /** Ends the process and waits for that. */
  stop: () => Promise<void>
}

/** Starts a program with this Node and waits until it answers at `url`, whatever the answer is. */
export async function startProgram(
  args: string[],
  env: NodeJS.ProcessEnv,
  url: string,
): Promise<Running> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  const isUp = () => fetch(url).then(Boolean, () => false)
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${args.at(-1)} ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const stop = async () => {
    child.kill()
    await ended
  }
  return { stop }
}

/** Starts a server of an example, which listens on PORT, on a free port. */
export async function startServer(
  path: string,
  settings: Record<string, string>,
): Promise<Running & { url: string }> {
  const port = await getPort()
  const url = `http://127.0.0.1:${port}`
  const env = { ...plainEnvironment(), ...settings, PORT: `${port}` }
  const { stop } = await startProgram(['--conditions=@keysmith/source', path], env, url)
  return { url, stop }
}

/** This environment without settings of another Keysmith. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const names = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  return Object.fromEntries(names)
}
