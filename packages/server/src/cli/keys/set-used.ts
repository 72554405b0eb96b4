import type { Key } from '@keysmith/client'
import type { Command } from 'commander'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readId } from '../ids.ts'
import { readAmount, readLimitName } from '../limits.ts'
import { printJson, printLine } from '../print.ts'
import { formatQuota } from './present-limits.ts'

interface Options {
  policy?: string
  json?: true
}

export function defineKeySetUsed(command: Command): void {
  command
    .description('set what counts as used of a quota; its open reservations then hold nothing')
    .argument('<id>', 'id of the key', readId)
    .argument('<name>', 'name of the quota, such as tokens', readLimitName)
    .argument('<amount>', 'what counts as used in the present period', readAmount)
    .option(
      '--policy <id>',
      'the policy whose quota it is; default: the key or its project',
      readId,
    )
    .option('--json', 'print JSON')
    .action(setUsed)
}

async function setUsed(id: string, name: string, used: number, { policy, json }: Options) {
  const body = { name, used, ...defined({ policyId: policy }) }
  const key = await withClient(async (client) => client.keys.setQuotaUsed(id, body))
  if (json) printJson(key)
  else for (const quota of quotasOf(key, name, policy)) printLine(`set  ${id}   ${quota}`)
}

function quotasOf({ effective }: Key, name: string, policyId: string | undefined): string[] {
  const isMeant = ({ kind, id }: Key['effective']['quotas'][number]['source']) =>
    policyId === undefined ? kind !== 'policy' : id === policyId
  const meant = effective.quotas.filter((quota) => quota.name === name && isMeant(quota.source))
  return meant.map(formatQuota)
}
