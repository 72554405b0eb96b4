import { redactKeys } from '@keysmith/key-format'
import { CommanderError } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'
import { tell } from './print.ts'
import { printableLines } from './style.ts'

/** Says what went wrong on standard error, in one line, and gives the exit code. */
export function reportError(error: unknown): number {
  // Help and version end this way too.
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof StartRefused) {
    tell(`keysmith: ${redactKeys(error.message)}`)
    return error.exitCode
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  tell('keysmith: something went wrong on our side.')
  process.stderr.write(`${printableLines(redactKeys(text))}\n`)
  return EXIT.failed
}
