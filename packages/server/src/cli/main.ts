#!/usr/bin/env node
import { EXIT } from '../exit.ts'
import { buildProgram } from './program.ts'

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // The reader of a pipe has gone: nothing is left to say.
  if (code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok)
  process.stderr.write(`keysmith: standard output cannot be written (${code}).\n`)
  process.exit(EXIT.failed)
})
// There is no other place for what was to be said: the exit code stays that of the command.
process.stderr.on('error', () => {})

// Whatever is written is for this user alone: database, pepper, sockets, secrets.
process.umask(0o077)

try {
  const args = process.argv.slice(2)
  const program = await buildProgram(args)
  await program.parseAsync(args, { from: 'user' })
} catch (error) {
  const { reportError } = await import('./report-error.ts')
  process.exitCode = reportError(error)
}
