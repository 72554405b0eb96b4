import { expect, test } from 'vitest'
import { keyRates } from '../limits/limiter.ts'
import { leaseMs } from './lease.ts'
import type { CachedKey } from './row-cache.ts'

/** A row of this age with these ends; nothing else counts for the lease. */
function row(ageMs: number, ends: { endsAt?: number; revokedAt?: number }) {
  const { endsAt = null, revokedAt = null } = ends
  const readAt = performance.now() - ageMs
  // Only the fields that the lease is made of.
  return {
    readAt,
    endsAt,
    revokedAt,
    allowsAddress: null,
    rates: [],
    quotas: [],
  } as unknown as CachedKey
}

test('a lease and the age of its row together never pass two seconds', () => {
  for (const age of [0, 500, 999, 1000, 1500, 1999, 2000, 5000]) {
    const lease = leaseMs(row(age, {}), 0, 1000)
    expect(lease).toBeLessThanOrEqual(Math.max(0, 2000 - age))
    expect(lease).toBeGreaterThanOrEqual(Math.max(0, Math.min(1000, 2000 - age - 50)))
  }
})

test('a lease never passes a known end, nor the bound of the installation', () => {
  expect(leaseMs(row(0, { endsAt: 300 }), 0, 1000)).toBe(300)
  expect(leaseMs(row(0, { revokedAt: 100, endsAt: 300 }), 0, 1000)).toBe(100)
  expect(leaseMs(row(0, { endsAt: 300 }), 300, 1000)).toBe(0)
  expect(leaseMs(row(0, { endsAt: 300 }), 400, 1000)).toBe(0)
  expect(leaseMs(row(0, {}), 0, 250)).toBe(250)
  expect(leaseMs(row(0, {}), 0, 0)).toBe(0)
})

test('a key with an address list or a limit has no lease: only the service can decide', () => {
  const key = row(0, {})
  const source = { kind: 'key' as const, id: 'key1' }
  const rateLimit = { name: 'requests', source, limit: 10, windowSeconds: 1 }
  const restrictions: Partial<CachedKey>[] = [
    { allowsAddress: () => true },
    { rates: keyRates('key1', [rateLimit]) },
    { quotas: [{ name: 'credits', source, limit: 10, period: 'none' }] },
  ]
  expect(leaseMs(key, 0, 1000)).toBe(1000)
  for (const restriction of restrictions) {
    expect(leaseMs({ ...key, ...restriction }, 0, 1000)).toBe(0)
  }
})
