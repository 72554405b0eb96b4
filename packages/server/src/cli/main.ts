#!/usr/bin/env node
import { EXIT } from '../exit.ts'
import { buildProgram } from './program.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe has gone: nothing is left to say.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok)
})

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
