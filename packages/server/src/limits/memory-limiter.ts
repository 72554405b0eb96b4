import { LRUCache } from 'lru-cache'
import { available, PAID_BACK, pass, waitMs } from './gcra.ts'
import type { KeyRate, Limiter, RateRefusal, RateState, RateTake } from './limiter.ts'

/** Counts held at most: about 20 MiB. */
const MAX_COUNTERS = 100_000

interface Count {
  paidBackAt: number
}

/**
 * Counts in the memory of this process, by a monotonic clock: no change of the time of day moves them.
 * Bounded: the one that was not used for the longest time goes first, and is then as after a restart.
 */
export class MemoryLimiter implements Limiter {
  readonly #counts: LRUCache<string, Count>
  readonly #clock: { now: () => number }

  constructor(options: { maxCounters?: number; clock?: { now: () => number } } = {}) {
    const { maxCounters = MAX_COUNTERS, clock = performance } = options
    this.#counts = new LRUCache({ max: maxCounters })
    this.#clock = clock
  }

  take(takes: readonly RateTake[]): RateRefusal | null {
    const now = this.#clock.now()
    const refusal = this.#firstRefusal(takes, now)
    if (refusal) return refusal
    for (const take of takes) {
      const { rate, amount } = take
      const count = this.#countOf(rate)
      take.othersPaidBackAt = Math.max(count.paidBackAt, now)
      count.paidBackAt = pass(rate, count.paidBackAt, amount, now)
    }
    return null
  }

  giveBack(takes: readonly RateTake[]): void {
    const now = this.#clock.now()
    for (const { rate, amount, othersPaidBackAt = now } of takes) {
      // From then on the time has paid back this take, so far as no other one came after it.
      const paidBack = Math.max(0, now - othersPaidBackAt)
      this.#countOf(rate).paidBackAt -= Math.max(0, amount * rate.intervalMs - paidBack)
    }
  }

  peek(rates: readonly KeyRate[]): RateState[] {
    const now = this.#clock.now()
    return rates.map((rate) => {
      const paidBackAt = this.#counts.get(rate.counter)?.paidBackAt ?? PAID_BACK
      return {
        rate,
        remaining: available(rate, paidBackAt, now),
        resetMs: Math.max(0, paidBackAt - now),
      }
    })
  }

  #firstRefusal(takes: readonly RateTake[], now: number): RateRefusal | null {
    let refusal: RateRefusal | null = null
    for (const { rate, amount } of takes) {
      const wait = waitMs(rate, this.#countOf(rate).paidBackAt, amount, now)
      if (wait === 0) continue
      const retryAfterMs = wait === null ? null : Math.ceil(wait)
      if (refusal === null || isLonger(retryAfterMs, refusal.retryAfterMs)) {
        refusal = { rate, retryAfterMs }
      }
    }
    return refusal
  }

  #countOf({ counter }: KeyRate): Count {
    const known = this.#counts.get(counter)
    if (known) return known
    const count = { paidBackAt: PAID_BACK }
    this.#counts.set(counter, count)
    return count
  }
}

/** null = never, which is the longest. */
function isLonger(a: number | null, b: number | null): boolean {
  return b !== null && (a === null || a > b)
}
