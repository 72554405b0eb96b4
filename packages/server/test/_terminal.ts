import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ARGV, commandEnvironment } from './_process.ts'

const PTY = join(import.meta.dirname, '_pty.py')

/**
 * Runs the real `keysmith` command on a terminal. `answers` says what to type and after which text.
 * What is shown is what a person sees: both streams, and the echo of what was typed.
 */
export async function onTerminal(
  args: string[],
  settings: Record<string, string> = {},
  options: { columns?: number; answers?: [after: string, typed: string][] } = {},
): Promise<{ code: number; shown: string }> {
  const { columns = 100, answers = [] } = options
  const pty = [PTY, String(columns), JSON.stringify(answers), ...ARGV, ...args]
  const child = spawn('python3', pty, {
    env: commandEnvironment({ TERM: 'xterm-256color', NO_COLOR: '1', ...settings }),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
  })
  const [shown, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { code, shown: shown.replaceAll('\r\n', '\n') }
}
