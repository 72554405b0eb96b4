import { expect, test } from 'vitest'
import { leaseMs } from './lease.ts'
import type { CachedKey } from './row-cache.ts'

/** A row of this age with these ends; nothing else counts for the lease. */
function row(ageMs: number, ends: { expiresAt?: number; endsAt?: number; revokedAt?: number }) {
  const { expiresAt = null, endsAt = null, revokedAt } = ends
  const effective = { expiresAt, ipAllowlist: null, rateLimits: [], quotas: [] }
  // Only the fields that the lease is made of.
  return {
    readAt: performance.now() - ageMs,
    key: { revoked: revokedAt === undefined ? null : { at: revokedAt } },
    effective,
    secret: { endsAt },
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
  expect(leaseMs(row(0, { expiresAt: 300 }), 0, 1000)).toBe(300)
  expect(leaseMs(row(0, { endsAt: 200, expiresAt: 300 }), 0, 1000)).toBe(200)
  expect(leaseMs(row(0, { revokedAt: 100, expiresAt: 300 }), 0, 1000)).toBe(100)
  expect(leaseMs(row(0, { expiresAt: 300 }), 300, 1000)).toBe(0)
  expect(leaseMs(row(0, { expiresAt: 300 }), 400, 1000)).toBe(0)
  expect(leaseMs(row(0, {}), 0, 250)).toBe(250)
  expect(leaseMs(row(0, {}), 0, 0)).toBe(0)
})

test('a key with an address list or a limit has no lease: only the service can decide', () => {
  const key = row(0, {})
  const source = { kind: 'key' as const, id: 'key1' }
  const restrictions: Partial<CachedKey['effective']>[] = [
    { ipAllowlist: ['203.0.113.0/24'] },
    { rateLimits: [{ name: 'requests', source, limit: 10, windowSeconds: 1 }] },
    { quotas: [{ name: 'credits', source, limit: 10, period: 'none' }] },
  ]
  expect(leaseMs(key, 0, 1000)).toBe(1000)
  for (const restriction of restrictions) {
    const restricted = { ...key, effective: { ...key.effective, ...restriction } }
    expect(leaseMs(restricted, 0, 1000)).toBe(0)
  }
})
