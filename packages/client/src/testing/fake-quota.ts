import type { Key, KeyQuota, UpdateKey } from '../types.gen.ts'
import { isOver, iso } from './fake-time.ts'

/** Settings for a key, with what was used so far: a count goes on under other settings. */
export function withCounts(
  settings: NonNullable<UpdateKey['quotas']>,
  before: Key['quotas'],
  now: number,
): Key['quotas'] {
  const counted = Object.entries(settings).map(([name, { limit, period }]): [string, KeyQuota] => {
    const { used, reserved } = present(before[name], now)
    const resetsAt = nextReset(period, now)
    return [name, { limit, period, onExceed: 'block', used, reserved, resetsAt }]
  })
  return Object.fromEntries(counted)
}

/** The quotas as they are now: nothing of a count stays once its period is over. */
export function presentQuotas(quotas: Key['quotas'], now: number): Key['quotas'] {
  const shown = Object.entries(quotas).map(([name, quota]): [string, KeyQuota] => [
    name,
    { ...quota, ...present(quota, now), resetsAt: nextReset(quota.period, now) },
  ])
  return Object.fromEntries(shown)
}

function present(quota: KeyQuota | undefined, now: number) {
  const { used, reserved, resetsAt } = quota ?? NO_COUNT
  return isOver(resetsAt, now) ? NO_COUNT : { used, reserved }
}

const NO_COUNT = { used: 0, reserved: 0, resetsAt: null }

/** 00:00 UTC of the next day, Monday, or first of the month; null = never. */
function nextReset(period: KeyQuota['period'], now: number): string | null {
  if (period === 'none') return null
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  if (period === 'month') return iso(Date.UTC(year, month + 1))
  const days = period === 'week' ? 7 - ((date.getUTCDay() + 6) % 7) : 1
  return iso(Date.UTC(year, month, day + days))
}
