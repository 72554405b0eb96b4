import type { Usage, UsageQuery } from '@keysmith/client'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { fromNow, readDuration } from '../duration.ts'
import { readId } from '../ids.ts'
import { printJson } from '../print.ts'
import { printTable } from '../table.ts'
import { formatAmount, formatAmounts } from './present-limits.ts'

interface Options {
  from?: string
  to?: string
  by: 'hour' | 'day'
  json?: true
}

export function defineKeyUsage(command: Command): void {
  command
    .description('show what a key used, by the hour or the day (UTC)')
    .argument('<id>', 'id of the key', readId)
    .option('--from <time>', 'a time or date, or 7d = seven days ago', readPast)
    .option('--to <time>', 'the same; default: now', readPast)
    .addOption(new Option('--by <length>', 'of a row').choices(['hour', 'day']).default('hour'))
    .option('--json', 'print JSON')
    .action(async (id: string, { json, by, ...range }: Options) => {
      const query: UsageQuery = { ...defined(range), resolution: by }
      const usage = await withClient(async (client) => client.keys.usage(id, query))
      if (json) printJson(usage)
      else showUsage(usage)
    })
}

/** A column for each name that was charged. */
function showUsage({ points }: Usage): void {
  const names = [...new Set(points.flatMap(({ charged }) => Object.keys(charged)))].toSorted()
  const rows = points.map(({ at, charged, verdicts: { valid = 0, ...refused } }) => [
    at,
    ...names.map((name) => formatAmount(charged[name] ?? 0)),
    formatAmount(valid),
    formatAmounts(refused),
  ])
  printTable(rows, ['FROM', ...names.map((name) => name.toUpperCase()), 'VALID', 'REFUSED'])
}

function readPast(text: string): string {
  if (/^\d+[smhd]$/.test(text)) return fromNow(-readDuration(text))
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(time)) return new Date(time).toISOString()
  throw new InvalidArgumentError('Give a time such as 2027-01-31 or 2027-01-31T12:00Z, or 7d.')
}
