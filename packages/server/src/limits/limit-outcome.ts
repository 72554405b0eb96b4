import type { VerifyRequest } from '@keysmith/contract'
import type { CachedKey } from '../keys/row-cache.ts'
import type { RequestAmounts } from './amounts.ts'
import type { EffectiveQuota } from './effective-limits.ts'
import { periodEnd } from './period.ts'

/** The caller's name of a request: his id, and what is kept of his Idempotency-Key. */
export interface RequestKey {
  actorId: string
  key: string
}

/** What a request takes of the limits of its key. */
export interface Taking {
  row: CachedKey
  request: VerifyRequest
  amounts: RequestAmounts
  /** With it, what is charged is charged once. */
  requestKey: RequestKey | null
  now: number
}

/** `isRepeated`: it was charged before, under the same name, and takes nothing now. */
export interface Granted {
  code: 'valid'
  remaining: Record<string, number> | null
  reservationId: string | null
  isRepeated: boolean
}

/** What became of the limits of a request; `stale` = decide again, since the key was changed meanwhile. */
export type LimitOutcome =
  | Granted
  | { code: 'rate_limited'; rateLimit: string; retryAfterMs: number | null }
  | { code: 'quota_exhausted'; quota: string; resetsAt: number | null }
  | { code: 'stale' }

/** Of several quotas of one name the smallest rest counts. */
export function restByName(
  names: readonly string[],
  remaining: readonly number[],
): Record<string, number> {
  const rests = new Map<string, number>()
  for (const [index, name] of names.entries()) {
    const rest = remaining[index] ?? 0
    rests.set(name, Math.min(rest, rests.get(name) ?? rest))
  }
  return Object.fromEntries(rests)
}

export function namesOf(quotas: readonly EffectiveQuota[]): string[] {
  return quotas.map(({ name }) => name)
}

export function exhausted(quota: EffectiveQuota | undefined, now: number): LimitOutcome {
  if (!quota) throw new Error('the store named a quota that was not charged')
  return { code: 'quota_exhausted', quota: quota.name, resetsAt: periodEnd(quota.period, now) }
}
