import type { Command, CommanderError } from 'commander'
import { EXIT, StartRefused } from '../exit.ts'

/** Makes every mistake on the command line one line with the way out, in place of the whole help. */
export function refuseWrongUsage(command: Command): void {
  const write = (text: string) => process.stdout.write(text)
  command.configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {} })
  command.exitOverride((error) => {
    if (error.exitCode === EXIT.ok) throw error
    throw wrongUsage(command, error)
  })
  for (const subcommand of command.commands) refuseWrongUsage(subcommand)
}

function wrongUsage(command: Command, error: CommanderError): StartRefused {
  const path = pathOf(command)
  const text = error.code === 'commander.help' ? whichCommand(command) : sentences(error.message)
  return new StartRefused(EXIT.usage, `${text} See ${path} --help.`)
}

function whichCommand(command: Command): string {
  const names = command.commands.map((subcommand) => subcommand.name())
  return `${pathOf(command)} needs a command: ${names.join(', ')}.`
}

function sentences(message: string): string {
  const [text = '', hint] = message.replace(/^error: /, '').split('\n')
  const end = text.endsWith('.') ? '' : '.'
  return hint === undefined ? text + end : `${text + end} ${hint.replace(/^\(|\)$/g, '')}`
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}
