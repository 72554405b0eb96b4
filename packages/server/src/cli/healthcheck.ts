import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { EXIT } from '../exit.ts'
import { printJson, printLine } from './print.ts'

const TIMEOUT_MS = 5000
const ANY_ADDRESS: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }

export function defineHealthcheck(command: Command): void {
  command
    .option('--url <url>', 'address of the service; default: host and port of the settings')
    .option('--json', 'print JSON')
    .action(async ({ url, json }: { url?: string; json?: true }) => {
      const base = url ?? addressOfThisMachine()
      const ready = await isReady(base)
      if (json) printJson({ url: base, ready })
      else printLine(`${base} is ${ready ? 'ready' : 'not ready'}`)
      if (!ready) process.exitCode = EXIT.failed
    })
}

function addressOfThisMachine(): string {
  const { host, port } = readConfig().config
  return `http://${ANY_ADDRESS[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`
}

async function isReady(base: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`${base.replace(/\/$/, '')}/readyz`, { redirect: 'error', signal })
    return response.status === 200
  } catch {
    return false
  }
}
