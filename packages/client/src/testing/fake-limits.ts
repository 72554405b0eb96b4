import type { Key, SetQuotaUsed } from '../types.gen.ts'
import type { Question } from '../verdict.ts'
import { FakeCounts } from './fake-counts.ts'
import type { FakeDeps } from './fake-deps.ts'
import { FakeProblem } from './fake-problem.ts'
import { FakeRates, type RateRefusal } from './fake-rates.ts'
import { createFakeReservations } from './fake-reservations.ts'

type Amounts = Record<string, number>

export type LimitOutcome =
  | { code: 'valid'; remaining?: Amounts; reservationId?: string }
  | { code: 'quota_exhausted'; quota: string; resetsAt: string | null }
  | RateRefusal

const DEFAULT_RESERVE_SECONDS = 300

export type FakeLimits = ReturnType<typeof createFakeLimits>

/** Rate limits, quotas and reservations in memory, with the rules of the service. */
export function createFakeLimits(deps: FakeDeps) {
  const { now } = deps
  const rates = new FakeRates(now)
  const counts = new FakeCounts(now)
  const reservations = createFakeReservations(deps)

  const show = (key: Key): Key['quotas'] => {
    reservations.expire()
    return counts.show(key)
  }
  const hold = (key: Key, amounts: Amounts, seconds = DEFAULT_RESERVE_SECONDS) => {
    const held = Object.keys(amounts).map((name) => [name, counts.find(key, name)])
    const expiresAt = now() + seconds * 1000
    return reservations.hold({
      keyId: key.id,
      amounts,
      counts: Object.fromEntries(held),
      expiresAt,
    })
  }

  return {
    show,
    /** All of what a request takes, or nothing. */
    take: (key: Key, question: Question): LimitOutcome => {
      const { costOf, reserve } = readAmounts(question)
      const reserveOf = (name: string) => reserve?.[name] ?? 0
      const taken = rates.take(key, (name) => costOf(name) + reserveOf(name))
      if (typeof taken === 'object') return taken
      const quotas = Object.entries(show(key))
      for (const [quota, { limit, used, reserved, resetsAt }] of quotas) {
        if (used + reserved + costOf(quota) + reserveOf(quota) <= limit) continue
        taken()
        return { code: 'quota_exhausted', quota, resetsAt }
      }
      for (const [name] of quotas) {
        const count = counts.find(key, name)
        if (count) count.used += costOf(name)
        if (count) count.reserved += reserveOf(name)
      }
      return {
        code: 'valid',
        ...((quotas.length > 0 || reserve) && { remaining: restOf(counts.show(key)) }),
        ...(reserve && { reservationId: hold(key, reserve, question.reserveSeconds) }),
      }
    },
    setUsed: (key: Key, { name, used }: SetQuotaUsed): Key => {
      if (counts.set(key, name, used)) return key
      throw new FakeProblem(404, 'quota_not_found')
    },
    endReservation: reservations.end,
  }
}

function restOf(quotas: Key['quotas']): Amounts {
  const rests = Object.entries(quotas).map(([name, { limit, used, reserved }]) => [
    name,
    Math.max(0, limit - used - reserved),
  ])
  return Object.fromEntries(rests)
}

function readAmounts({ cost = {}, reserve, reserveSeconds }: Question) {
  const costs: Amounts = typeof cost === 'number' ? { credits: cost } : cost
  const isAmount = (amount: number) => Number.isSafeInteger(amount) && amount >= 0
  const isTwice = (name: string) => name === 'requests' || name in costs
  if (
    ![...Object.values(costs), ...Object.values(reserve ?? {})].every(isAmount) ||
    Object.keys(reserve ?? {}).some(isTwice) ||
    (reserveSeconds !== undefined && !reserve)
  ) {
    throw new FakeProblem(400, 'invalid_request', { detail: 'cost or reserve is not right.' })
  }
  return { costOf: (name: string) => costs[name] ?? (name === 'requests' ? 1 : 0), reserve }
}
