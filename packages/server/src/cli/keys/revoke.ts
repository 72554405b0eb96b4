import type { RevokeKey } from '@keysmith/client'
import type { Command } from 'commander'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readSeconds } from '../duration.ts'
import { readId } from '../ids.ts'
import { printJson, printLine } from '../print.ts'
import { confirm, requireTerminal } from '../prompt.ts'
import { formatTime } from '../time.ts'

interface Options {
  reason?: string
  after?: number
  overrideProtection?: true
  yes?: true
  json?: true
}

export function defineKeyRevoke(command: Command): void {
  command
    .description('refuse a key for ever; cannot be undone')
    .argument('<id>', 'id of the key', readId)
    .option('--reason <text>', 'why, for the audit log')
    .option('--after <duration>', 'this long from now, such as 1h', readSeconds)
    .option('--override-protection', 'although deletion protection is on')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(revoke)
}

async function revoke(id: string, { reason, after, overrideProtection, yes, json }: Options) {
  const body: RevokeKey = defined({ reason, afterSeconds: after, overrideProtection })
  if (!yes) requireTerminal()
  const key = await withClient(async (client) => {
    if (!yes) {
      const { name } = await client.keys.get(id)
      await confirm(`Revoke key ${id} (${name})? It cannot be undone.`)
    }
    return client.keys.revoke(id, body)
  })
  if (json) printJson(key)
  else printLine(`revoked  ${key.id}   ${key.name}${whenOf(key.revoked?.at, after)}`)
}

function whenOf(at: string | undefined, after: number | undefined): string {
  return at === undefined || !after ? '' : `   from ${formatTime(at, '')}`
}
