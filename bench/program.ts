import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import getPort from 'get-port'
import { onServerCore } from './cores.ts'

/** A server under load: a process of its own. */
export interface Program {
  baseUrl: string
  pid: number
  stop: (signal?: NodeJS.Signals) => Promise<void>
}

const POLL_MS = 5
const TICKS_PER_SECOND = 100

/**
 * Starts a Node program on the core of the servers. `args` and `env` are told a free port; it is up when `path`
 * answers with anything below 500.
 */
export async function startProgram(
  args: (port: number) => string[],
  {
    env = () => ({}),
    path = '/',
  }: { env?: (port: number) => NodeJS.ProcessEnv; path?: string } = {},
): Promise<Program> {
  const port = await getPort()
  const [file, words] = onServerCore(args(port))
  const child = spawn(file, words, {
    env: { ...plainEnvironment(), ...env(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  const baseUrl = `http://127.0.0.1:${port}`
  await untilUp(child, `${baseUrl}${path}`, args(port).join(' '))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    await ended
  }
  return { baseUrl, pid: child.pid ?? 0, stop }
}

async function untilUp(child: ChildProcess, url: string, command: string): Promise<void> {
  const isUp = () =>
    fetch(url).then(
      (answer) => answer.status < 500,
      () => false,
    )
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** This process's environment without settings of Keysmith. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('KEYSMITH_'))
  return Object.fromEntries(outer)
}

/** Seconds of processor time that the process has used in all its threads; NaN where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  const stat = readProc(pid, 'stat')
  // The name in brackets may hold blanks; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory in MiB; NaN where there is no /proc. */
export function residentMibOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status'))?.[1]) / 1024
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
