#!/usr/bin/env node
import { redactKeys } from '@keysmith/key-format'
import { Command, CommanderError } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'
import { VERSION } from '../version.ts'
import { addAuditCommands } from './audit.ts'
import { addConfigCommands } from './config.ts'
import { addHealthcheckCommand } from './healthcheck.ts'
import { addKeyCommands } from './key.ts'
import { addMigrateCommands } from './migrate.ts'
import { addServeCommand } from './serve.ts'
import { addTokenCommands } from './token.ts'
import { addVersionCommand } from './version.ts'

function buildProgram(): Command {
  const program = new Command('keysmith')
    .description('Issue, verify, rotate and revoke API keys.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false })
  addServeCommand(program)
  addTokenCommands(program)
  addKeyCommands(program)
  addConfigCommands(program)
  addMigrateCommands(program)
  addAuditCommands(program)
  addHealthcheckCommand(program)
  addVersionCommand(program)
  for (const command of allCommands(program)) command.exitOverride()
  return program
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** The exit code of an error, after one line about it on standard error. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof StartRefused) {
    process.stderr.write(`keysmith: ${redactKeys(error.message)}\n`)
    return error.exitCode
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`keysmith: something went wrong on our side.\n${redactKeys(text)}\n`)
  return EXIT.failed
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe has gone: nothing is left to say.
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
})

// Whatever is written is for this user alone: database, pepper, sockets, secrets.
process.umask(0o077)

try {
  await buildProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
