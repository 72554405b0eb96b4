import { Command } from 'commander'
import { VERSION } from '../version.ts'
import { refuseWrongUsage } from './wrong-usage.ts'

interface CommandEntry {
  description: string
  /** The file of the command, loaded when it is called: `keysmith --help` needs none of them. */
  load: () => Promise<(command: Command) => void>
}

const COMMANDS: Record<string, CommandEntry> = {
  serve: {
    description: 'run the service',
    load: async () => (await import('./serve.ts')).defineServe,
  },
  key: {
    description: 'API keys and their secrets',
    load: async () => (await import('./key.ts')).defineKey,
  },
  policy: {
    description: 'permissions and limits for many keys',
    load: async () => (await import('./policy.ts')).definePolicy,
  },
  reservation: {
    description: 'what verifications hold until the real cost is known',
    load: async () => (await import('./reservation.ts')).defineReservation,
  },
  project: {
    description: 'namespaces of keys',
    load: async () => (await import('./project.ts')).defineProject,
  },
  token: {
    description: 'management tokens',
    load: async () => (await import('./token.ts')).defineToken,
  },
  audit: {
    description: 'the log of changes',
    load: async () => (await import('./audit.ts')).defineAudit,
  },
  scan: {
    description: 'find Keysmith secrets in files; exit 7 when there is one',
    load: async () => (await import('./scan.ts')).defineScan,
  },
  scanner: {
    description: 'rules for other scanners of secrets',
    load: async () => (await import('./scanner.ts')).defineScanner,
  },
  config: {
    description: 'settings',
    load: async () => (await import('./config.ts')).defineConfig,
  },
  migrate: {
    description: 'database migrations',
    load: async () => (await import('./migrate.ts')).defineMigrate,
  },
  healthcheck: {
    description: 'exit 0 when the service is ready, else 1',
    load: async () => (await import('./healthcheck.ts')).defineHealthcheck,
  },
  openapi: {
    description: 'print the OpenAPI description of the API',
    load: async () => (await import('./openapi.ts')).defineOpenapi,
  },
  completion: {
    description: 'print the completion script of a shell',
    load: async () => (await import('./completion.ts')).defineCompletion,
  },
  version: {
    description: 'print the versions of Keysmith and Node',
    load: async () => (await import('./version.ts')).defineVersion,
  },
}

/** The program with the commands that the arguments may mean; the others as name and description. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('keysmith')
    .description('Issue, verify, rotate and revoke API keys.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ sortSubcommands: false })
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description)
    if (!args.includes(name)) continue
    const define = await load()
    define(command)
  }
  if (args[0] === 'complete') {
    const { defineComplete } = await import('./completion.ts')
    defineComplete(program)
  }
  refuseWrongUsage(program)
  return program
}
