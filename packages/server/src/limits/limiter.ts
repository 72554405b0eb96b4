import type { EffectiveRateLimit } from './effective-limits.ts'
import type { Rate } from './gcra.ts'

/** A rate limit of one key, ready to be counted. */
export interface KeyRate extends Rate {
  /** Which count is meant: key, source, name, and the limit itself. */
  counter: string
  name: string
  /** As its name is shown in headers: unique among the limits of the key. */
  label: string
  windowSeconds: number
}

/** One limit and what a request takes of it. */
export interface RateTake {
  rate: KeyRate
  amount: number
  /** Set by `take`: when all that passed before would have been paid back. */
  othersPaidBackAt?: number
}

/** The limit that has not that much left. `retryAfterMs`: null = never, since it is more than the limit. */
export interface RateRefusal {
  rate: KeyRate
  retryAfterMs: number | null
}

export interface RateState {
  rate: KeyRate
  remaining: number
  /** Until everything is there again. */
  resetMs: number
}

/** Counts that may be lost: what a key may do in a window. */
export interface Limiter {
  /** Takes everything and gives null, or takes nothing and names the limit that waits longest. */
  take(takes: readonly RateTake[]): RateRefusal | null
  /**
   * Undoes a `take` whose request was refused for another reason. What time has paid back of it since is not
   * given back once more.
   */
  giveBack(takes: readonly RateTake[]): void
  /** What is left, without taking anything. */
  peek(rates: readonly KeyRate[]): RateState[]
}

/**
 * The rate limits of a key. A limit that is changed begins anew: what is paid back at one rate says nothing
 * about another. A limit of a policy or project is named
 * after it, since it counts for itself.
 */
export function keyRates(keyId: string, limits: readonly EffectiveRateLimit[]): KeyRate[] {
  return limits.map(({ name, source, limit, windowSeconds }) => ({
    counter: `${keyId}/${source.id}/${name}/${limit}/${windowSeconds}`,
    name,
    label: source.kind === 'key' ? name : `${name}:${source.id}`,
    limit,
    windowSeconds,
    windowMs: windowSeconds * 1000,
    intervalMs: (windowSeconds * 1000) / limit,
  }))
}
