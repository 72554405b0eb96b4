import { redactKeys } from '@keysmith/key-format'
import { CommanderError } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'

/** Says what went wrong on standard error, in one line, and gives the exit code. */
export function reportError(error: unknown): number {
  // Help and version end this way too.
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof StartRefused) {
    process.stderr.write(`keysmith: ${redactKeys(error.message)}\n`)
    return error.exitCode
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`keysmith: something went wrong on our side.\n${redactKeys(text)}\n`)
  return EXIT.failed
}
