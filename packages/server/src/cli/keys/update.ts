import type { Client, UpdateKey } from '@keysmith/client'
import type { Command } from 'commander'
import { EXIT, StartRefused } from '../../exit.ts'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readId } from '../ids.ts'
import { printJson } from '../print.ts'
import { addFieldOptions, type FieldOptions, readFields, readRotation } from './fields.ts'
import { showKey } from './present.ts'

interface Options extends FieldOptions {
  name?: string
  json?: true
}

export function defineKeyUpdate(command: Command): void {
  command
    .description('change a key; what is not named stays, a list or map that is named is replaced')
    .argument('<id>', 'id of the key', readId)
    .option('--name <name>', 'the application or team member it is for')
  addFieldOptions(command).option('--json', 'print JSON').action(update)
}

async function update(id: string, { name, json, ...options }: Options) {
  const fields = { ...defined({ name }), ...readFields(options) }
  const isRotation = options.rotateEvery !== undefined || options.overlap !== undefined
  if (Object.keys(fields).length === 0 && !isRotation) {
    throw new StartRefused(EXIT.usage, 'Nothing to change. See keysmith key update --help.')
  }
  const key = await withClient(async (client) => {
    const rotation = isRotation ? await newRotation(client, id, options) : {}
    return client.keys.update(id, { ...fields, ...rotation })
  })
  if (json) printJson(key)
  else showKey(key)
}

/** A rotation is set as a whole, so the part that is not named comes from the key. */
async function newRotation(
  client: Client,
  id: string,
  options: FieldOptions,
): Promise<Pick<UpdateKey, 'rotation'>> {
  const { rotation } = await client.keys.get(id)
  return readRotation(options, rotation)
}
