import type { CachedKey } from './row-cache.ts'

/** No answer about a key may be older than this, end to end (R19). */
const STALENESS_BOUND_MS = 2000

/**
 * How long a caller may remember the facts of a key that was found valid, in ms: never past a known
 * end, and never past the bound when the age of the row is added. 0 with an address list, which the
 * caller does not see, and with limits, which only the service counts.
 */
export function leaseMs(row: CachedKey, now: number, maxLeaseMs: number): number {
  const { allowsAddress, rates, quotas, endsAt, revokedAt, readAt } = row
  if (allowsAddress !== null || rates.length > 0 || quotas.length > 0) return 0
  const left = [endsAt, revokedAt].map((end) =>
    end === null ? Number.POSITIVE_INFINITY : end - now,
  )
  const age = Math.ceil(performance.now() - readAt)
  return Math.max(0, Math.min(maxLeaseMs, STALENESS_BOUND_MS - age, ...left))
}
