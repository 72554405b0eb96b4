import type { AuditEvent, ListAuditEvents } from '@keysmith/client'
import { type Command, Option } from 'commander'
import { EXIT } from '../exit.ts'
import { askService } from './ask-service.ts'
import { withClient } from './client.ts'
import { readId, readProject } from './ids.ts'
import { addListOptions, type ListOptions, takeItems } from './list-options.ts'
import { printJson, printLine } from './print.ts'
import { printTable } from './table.ts'

/** A record, so that none can be missing. The contract has the list too, with schemas that take long to load. */
const ACTIONS: Record<AuditEvent['action'], true> = {
  'project.created': true,
  'project.updated': true,
  'project.deleted': true,
  'key.created': true,
  'key.imported': true,
  'key.updated': true,
  'key.disabled': true,
  'key.enabled': true,
  'key.rotated': true,
  'key.overlap_set': true,
  'key.revoked': true,
  'key.quota_set': true,
  'policy.created': true,
  'policy.updated': true,
  'policy.deleted': true,
  'token.created': true,
  'token.revoked': true,
}

/** A little more than the service takes at most. */
const CHAIN_TIMEOUT_MS = 610_000

type Filter = Omit<ListAuditEvents, 'limit' | 'cursor'>

type ChainCheck =
  | { ok: true; events: number; head: string }
  | { ok: false; seq: number; reason: string }

export function defineAudit(audit: Command): void {
  const list = audit
    .command('list')
    .description('list changes, newest first')
    .option('--project <project>', 'in one project, by id or name', readProject)
    .option('--target <id>', 'of this key, token or project', readId)
    .addOption(new Option('--action <action>', 'of one kind').choices(Object.keys(ACTIONS)))
  addListOptions(list).action(listEvents)
  audit
    .command('verify')
    .description('walk the hash chain of the audit log; exit 7 when it is broken')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const check = await askService<ChainCheck>({
        method: 'GET',
        path: '/control/audit-chain',
        timeoutMs: CHAIN_TIMEOUT_MS,
      })
      if (json) printJson(check)
      else if (check.ok) printLine(`ok  ${check.events} events, head ${check.head}`)
      else printLine(`broken at event ${check.seq}: ${check.reason}`)
      if (!check.ok) process.exitCode = EXIT.checkFailed
    })
}

async function listEvents(options: ListOptions & Filter) {
  const { limit: _limit, all: _all, json, ...filter } = options
  const events = await withClient((client) =>
    takeItems((limit) => client.auditEvents.list({ ...filter, limit }), options),
  )
  if (json) printJson(events)
  else showEvents(events)
}

function showEvents(events: readonly AuditEvent[]): void {
  const rows = events.map(({ id, at, action, target, actor, details }) => [
    String(id),
    at,
    action,
    `${target.kind} ${target.id}`,
    actor.kind === 'token' ? actor.id : actor.kind,
    JSON.stringify(details),
  ])
  printTable(rows, ['EVENT', 'AT', 'ACTION', 'TARGET', 'BY', 'DETAILS'])
}
