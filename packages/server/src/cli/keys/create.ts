import type { NewKey } from '@keysmith/client'
import { type Command, Option } from 'commander'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import type { HandoverOptions } from '../hand-over.ts'
import { readProject } from '../ids.ts'
import { addFieldOptions, type FieldOptions, readFields, readRotation } from './fields.ts'
import { handOverKey } from './hand-over.ts'

interface Options extends FieldOptions, HandoverOptions {
  name: string
  project?: string
  environment?: 'live' | 'test'
}

export function defineKeyCreate(command: Command): void {
  command
    .description('create a key and print its secret, which is shown only once')
    .requiredOption('--name <name>', 'the application or team member it is for')
    .option('--project <project>', 'id or name; default: KEYSMITH_PROJECT', readProject)
    .addOption(
      new Option('--environment <environment>', 'part of its secrets').choices(['live', 'test']),
    )
  addFieldOptions(command)
    .option('--out <file>', 'write the secret to a new file (0600) instead of printing it')
    .option('--json', 'print JSON')
    .action(create)
}

async function create({ name, project, environment, out, json, ...options }: Options) {
  const body: NewKey = {
    name,
    ...defined({ project, environment }),
    ...readFields(options),
    ...readRotation(options, null),
    // The secret is made in this process and never travels.
    mint: 'client',
  }
  await handOverKey({ out, json }, () => withClient(async (client) => client.keys.create(body)))
}
