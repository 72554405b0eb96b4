import type { Command } from 'commander'
import { withClient } from '../client.ts'
import { readId } from '../ids.ts'
import { printJson } from '../print.ts'
import { showKey } from './present.ts'

export function defineKeyGet(command: Command): void {
  command
    .description('show a key; never its secret')
    .argument('<id>', 'id of the key', readId)
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const key = await withClient(async (client) => client.keys.get(id))
      if (json) printJson(key)
      else showKey(key)
    })
}
