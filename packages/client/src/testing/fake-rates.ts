import type { Key } from '../types.gen.ts'

export interface RateRefusal {
  code: 'rate_limited'
  rateLimit: string
  retryAfterMs: number | null
}

/** Rate limits by GCRA, as in the service: `limit` at once, which comes back evenly within the window. */
export class FakeRates {
  readonly #now: () => number
  /** By key, name and setting: when all that passed is paid back. */
  readonly #paidBackAt = new Map<string, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Takes from every rate limit, or says which one lets it wait longest and gives a way back. */
  take(key: Key, amountOf: (name: string) => number): RateRefusal | (() => void) {
    const now = this.#now()
    const takes = Object.entries(key.rateLimits).map(([name, { limit, windowSeconds }]) => {
      const place = `${key.id} ${name} ${limit} ${windowSeconds}`
      const before = this.#paidBackAt.get(place) ?? now
      const amount = amountOf(name)
      const after = Math.max(before, now) + (amount * windowSeconds * 1000) / limit
      const wait = Math.max(0, Math.ceil(after - now - windowSeconds * 1000))
      return { name, place, before, after, wait: amount > limit ? Number.POSITIVE_INFINITY : wait }
    })
    const [longest] = takes.toSorted((a, b) => b.wait - a.wait)
    if (longest && longest.wait > 0) {
      const retryAfterMs = Number.isFinite(longest.wait) ? longest.wait : null
      return { code: 'rate_limited', rateLimit: longest.name, retryAfterMs }
    }
    for (const { place, after } of takes) this.#paidBackAt.set(place, after)
    return () => {
      for (const { place, before } of takes) this.#paidBackAt.set(place, before)
    }
  }
}
