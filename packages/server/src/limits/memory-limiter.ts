import { LRUCache } from 'lru-cache'
import { available, PAID_BACK, pass, waitMs } from './gcra.ts'
import type { KeyRate, Limiter, RateRefusal, RateState, RateTake } from './limiter.ts'

/** Counts held at most: about 20 MiB. */
const MAX_COUNTERS = 100_000

/**
 * Counts in the memory of this process, by a monotonic clock: no change of the time of day moves them.
 * Bounded: the one that was not used for the longest time goes first, and is then as after a restart.
 */
export class MemoryLimiter implements Limiter {
  readonly #paidBackAt: LRUCache<string, number>
  readonly #clock: { now: () => number }

  constructor(options: { maxCounters?: number; clock?: { now: () => number } } = {}) {
    const { maxCounters = MAX_COUNTERS, clock = performance } = options
    this.#paidBackAt = new LRUCache({ max: maxCounters })
    this.#clock = clock
  }

  take(takes: readonly RateTake[]): RateRefusal | null {
    const now = this.#clock.now()
    const refusal = this.#firstRefusal(takes, now)
    if (refusal) return refusal
    for (const { rate, amount } of takes) {
      this.#paidBackAt.set(rate.counter, pass(rate, this.#read(rate), amount, now))
    }
    return null
  }

  giveBack(takes: readonly RateTake[]): void {
    for (const { rate, amount } of takes) {
      this.#paidBackAt.set(rate.counter, this.#read(rate) - amount * rate.intervalMs)
    }
  }

  peek(rates: readonly KeyRate[]): RateState[] {
    const now = this.#clock.now()
    return rates.map((rate) => {
      const paidBackAt = this.#read(rate)
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
      const wait = waitMs(rate, this.#read(rate), amount, now)
      if (wait === 0) continue
      const retryAfterMs = wait === null ? null : Math.ceil(wait)
      if (refusal === null || isLonger(retryAfterMs, refusal.retryAfterMs)) {
        refusal = { rate, retryAfterMs }
      }
    }
    return refusal
  }

  #read({ counter }: KeyRate): number {
    return this.#paidBackAt.get(counter) ?? PAID_BACK
  }
}

/** null = never, which is the longest. */
function isLonger(a: number | null, b: number | null): boolean {
  return b !== null && (a === null || a > b)
}
