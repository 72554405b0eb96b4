import type { Usage } from '@keysmith/contract'
import type { UsageRange } from '../limits/usage-range.ts'
import type { UsageRow } from '../store/usage-store.ts'
import { presentTime } from './present.ts'

/** One point per hour or day that has rows; they come oldest first. */
export function presentUsage(keyId: string, range: UsageRange, rows: UsageRow[]): Usage {
  const { resolution, from, to } = range
  const points = [...Map.groupBy(rows, ({ start }) => start)].map(([start, ofPoint]) => ({
    at: presentTime(start),
    charged: amounts(ofPoint, 'charged'),
    verdicts: amounts(ofPoint, 'verdict'),
  }))
  return { keyId, resolution, from: presentTime(from), to: presentTime(to), points }
}

function amounts(rows: UsageRow[], kind: UsageRow['kind']): Record<string, number> {
  return Object.fromEntries(
    rows.filter((row) => row.kind === kind).map(({ name, amount }) => [name, amount]),
  )
}
