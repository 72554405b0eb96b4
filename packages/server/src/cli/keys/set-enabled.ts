import type { Command } from 'commander'
import { withClient } from '../client.ts'
import { readId } from '../ids.ts'
import { printJson, printLine } from '../print.ts'

export function defineKeyDisable(command: Command): void {
  defineSwitch(command, 'disable', 'refuse a key until it is enabled again')
}

export function defineKeyEnable(command: Command): void {
  defineSwitch(command, 'enable', 'let a disabled key work again')
}

function defineSwitch(command: Command, verb: 'disable' | 'enable', description: string): void {
  command
    .description(description)
    .argument('<id>', 'id of the key', readId)
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: true }) => {
      const key = await withClient(async (client) => client.keys[verb](id))
      if (json) printJson(key)
      else printLine(`${verb}d  ${key.id}   ${key.name}`)
    })
}
