/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371, ATM Forum TM 4.0), in its virtual scheduling form: one number
 * per limit, the time at which everything that has passed would be paid back at the even rate.
 *
 * After a pause `limit` may pass at once, and comes back evenly within the window. So in any stretch of
 * time t at most limit + limit * t / window pass, and never more than `limit` in an instant: there is no edge of a
 * window at which twice the limit passes. Times are ms of a monotonic clock.
 */
export interface Rate {
  limit: number
  windowMs: number
  /** What one unit costs: windowMs / limit. */
  intervalMs: number
}

/** Sums of fractions are off by less than this, which is less than a unit: a microsecond at most. */
function rounding({ intervalMs }: Rate): number {
  return Math.min(intervalMs / 2, 0.001)
}

/** Not on record: everything is paid back. */
export const PAID_BACK = Number.NEGATIVE_INFINITY

/** How long until so much may pass, in ms; 0 = now, null = never, since it is more than the limit. */
export function waitMs(rate: Rate, paidBackAt: number, amount: number, now: number): number | null {
  if (amount > rate.limit) return null
  const after = Math.max(paidBackAt, now) + amount * rate.intervalMs
  const wait = after - now - rate.windowMs
  return wait > rounding(rate) ? wait : 0
}

/** The new number when so much passes. */
export function pass(rate: Rate, paidBackAt: number, amount: number, now: number): number {
  return Math.max(paidBackAt, now) + amount * rate.intervalMs
}

/** How much may pass now. */
export function available(rate: Rate, paidBackAt: number, now: number): number {
  const free = rate.windowMs - Math.max(0, paidBackAt - now)
  return Math.max(0, Math.floor((free + rounding(rate)) / rate.intervalMs))
}
