import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { EXIT, StartRefused } from '../exit.ts'
import { printable } from './style.ts'

/** Questions go to standard error: standard output may be a pipe, and belongs to the answer. */
export function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY)
}

/** Without a terminal nobody can agree. */
export function requireTerminal(): void {
  if (canAsk()) return
  const message = 'This cannot be undone, and there is no terminal to ask on. Add --yes.'
  throw new StartRefused(EXIT.usage, `${message} Nothing was changed.`)
}

/** Asks before something that cannot be undone. */
export async function confirm(question: string): Promise<void> {
  requireTerminal()
  const answer = await ask(process.stderr, (lines, options) =>
    lines.question(`${printable(question)} [y/N] `, options),
  )
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new StartRefused(EXIT.failed, 'You did not agree. Nothing was changed.')
  }
}

/** Reads a line from the terminal without showing it. */
export async function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    return await ask(nowhere, (lines, options) => {
      // Only now the terminal has stopped to echo.
      process.stderr.write(question)
      return lines.question('', options)
    })
  } finally {
    process.stderr.write('\n')
  }
}

async function ask(
  output: NodeJS.WritableStream,
  put: (lines: Interface, options: { signal: AbortSignal }) => Promise<string>,
): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const ended = new AbortController()
  lines.once('close', () => ended.abort())
  try {
    return await put(lines, { signal: ended.signal })
  } catch (error) {
    // Ctrl-C and Ctrl-D: no answer is no.
    throw new StartRefused(EXIT.failed, 'No answer. Nothing was changed.', { cause: error })
  } finally {
    lines.close()
  }
}
