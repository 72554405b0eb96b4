import type { Key, KeyQuota } from '../types.gen.ts'
import { isOver, iso } from './fake-time.ts'

/** What a quota has counted in one period; another period, or setting what is used, makes a new one. */
export interface Count {
  used: number
  reserved: number
  resetsAt: string | null
  /** It was set anew: what comes late counts nowhere. */
  isDropped: boolean
}

/** The counts of all quotas, by key and name. */
export class FakeCounts {
  readonly #now: () => number
  readonly #counts = new Map<string, Count>()

  constructor(now: () => number) {
    this.#now = now
  }

  find(key: Key, name: string): Count | undefined {
    const quota = key.quotas[name]
    if (!quota) return undefined
    const resetsAt = nextReset(quota.period, this.#now())
    const place = `${key.id} ${name}`
    const before = this.#counts.get(place)
    // Another kind of period forgets nothing.
    if (before && !isOver(before.resetsAt, this.#now())) return Object.assign(before, { resetsAt })
    const count = { used: 0, reserved: 0, resetsAt, isDropped: false }
    this.#counts.set(place, count)
    return count
  }

  set(key: Key, name: string, used: number): boolean {
    const before = this.find(key, name)
    if (!before) return false
    this.#counts.set(`${key.id} ${name}`, { ...before, used, reserved: 0 })
    before.isDropped = true
    return true
  }

  /** The quotas of a key with what they have counted. */
  show(key: Key): Key['quotas'] {
    const shown = Object.entries(key.quotas).map(([name, quota]): [string, KeyQuota] => {
      const { used = 0, reserved = 0, resetsAt = null } = this.find(key, name) ?? {}
      return [name, { ...quota, used, reserved, resetsAt }]
    })
    return Object.fromEntries(shown)
  }
}

/** 00:00 UTC of the next day, Monday, or first of the month; null = never. */
function nextReset(period: KeyQuota['period'], now: number): string | null {
  if (period === 'none') return null
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  if (period === 'month') return iso(Date.UTC(year, month + 1))
  const days = period === 'week' ? 7 - ((date.getUTCDay() + 6) % 7) : 1
  return iso(Date.UTC(year, month, day + days))
}
