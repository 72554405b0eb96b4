import type { ListKeys } from '@keysmith/client'
import { type Command, Option } from 'commander'
import { withClient } from '../client.ts'
import { readProject } from '../ids.ts'
import { addListOptions, type ListOptions, takeItems } from '../list-options.ts'
import { printJson } from '../print.ts'
import { showKeys } from './present.ts'

type Filter = Omit<ListKeys, 'limit' | 'cursor'>

const STATUSES = ['active', 'disabled', 'expired', 'revoked', 'not_yet_valid']

export function defineKeyList(command: Command): void {
  command
    .description('list keys, newest first; never their secrets')
    .addOption(new Option('--status <status>', 'what a verification would find').choices(STATUSES))
    .option('--owner <owner>', 'of this owner exactly')
    .option('--name <name>', 'of this name exactly')
    .addOption(
      new Option('--environment <environment>', 'of one environment').choices(['live', 'test']),
    )
    .option('--project <project>', 'id or name; default: KEYSMITH_PROJECT', readProject)
    .addOption(new Option('--managed-by <program>', 'declared by it').choices(['terraform']))
  addListOptions(command).action(list)
}

async function list(options: ListOptions & Filter) {
  const { limit: _limit, all: _all, json, ...filter } = options
  const keys = await withClient((client) =>
    takeItems((limit) => client.keys.list({ ...filter, limit }), options),
  )
  if (json) printJson(keys)
  else showKeys(keys)
}
