import type { QuotaPeriod } from '@keysmith/contract'

const DAY_MS = 86_400_000
/** 1970-01-05 was the first Monday of the epoch. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** Start of the period that this time lies in, epoch ms at 00:00 UTC; 0 for `none`. */
export function periodStart(period: QuotaPeriod, now: number): number {
  switch (period) {
    case 'none':
      return 0
    case 'day':
      return now - modulo(now, DAY_MS)
    case 'week':
      return now - modulo(now - FIRST_MONDAY_MS, 7 * DAY_MS)
    case 'month': {
      const date = new Date(now)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
    }
  }
}

/** When the count starts again, epoch ms; null = never. */
export function periodEnd(period: QuotaPeriod, now: number): number | null {
  const start = periodStart(period, now)
  switch (period) {
    case 'none':
      return null
    case 'day':
      return start + DAY_MS
    case 'week':
      return start + 7 * DAY_MS
    case 'month': {
      const date = new Date(start)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
    }
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
