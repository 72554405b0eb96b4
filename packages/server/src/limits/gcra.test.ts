import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { available, PAID_BACK, pass, type Rate, waitMs } from './gcra.ts'

const rateOf = (limit: number, windowSeconds: number): Rate => ({
  limit,
  windowMs: windowSeconds * 1000,
  intervalMs: (windowSeconds * 1000) / limit,
})

/** Asks at these times for these amounts; what passed, with its time. */
function run(rate: Rate, requests: readonly { at: number; amount: number }[]) {
  let paidBackAt = PAID_BACK
  return requests.filter(({ at, amount }) => {
    if (waitMs(rate, paidBackAt, amount, at) !== 0) return false
    paidBackAt = pass(rate, paidBackAt, amount, at)
    return true
  })
}

const sum = (passed: readonly { amount: number }[]) =>
  passed.reduce((total, { amount }) => total + amount, 0)

describe('the limit', () => {
  test.each([
    [1, 1],
    [3, 1],
    [7, 60],
    [100, 60],
    [999_983, 31],
    [10_000_000, 1],
    [10_000_000, 2_678_400],
  ])('%i in %i s: at once exactly so many, late in the life of a process too', (limit, seconds) => {
    const rate = rateOf(limit, seconds)
    for (const at of [0, 1, 123_456.789, 1e9 + 0.1]) {
      const amount = Math.max(1, Math.floor(limit / 1000))
      const requests = Array.from({ length: 1200 }, () => ({ at, amount }))
      expect(sum(run(rate, requests))).toBe(Math.floor(limit / amount) * amount)
    }
  })

  test('comes back evenly: one unit per interval, and all of it after a window', () => {
    const rate = rateOf(6, 60)
    const burst = pass(rate, PAID_BACK, 6, 0)
    expect(waitMs(rate, burst, 1, 0)).toBe(10_000)
    expect(waitMs(rate, burst, 1, 9999)).toBe(1)
    expect(waitMs(rate, burst, 1, 10_000)).toBe(0)
    expect(waitMs(rate, burst, 2, 10_000)).toBe(10_000)
    expect(
      [0, 9999, 10_000, 25_000, 60_000, 600_000].map((at) => available(rate, burst, at)),
    ).toEqual([0, 0, 1, 2, 6, 6])
  })

  test('a request that costs more than the limit never passes, one that costs nothing always', () => {
    const rate = rateOf(10, 1)
    expect(waitMs(rate, PAID_BACK, 11, 0)).toBeNull()
    expect(waitMs(rate, PAID_BACK, 10, 0)).toBe(0)
    expect(waitMs(rate, pass(rate, PAID_BACK, 10, 0), 0, 0)).toBe(0)
  })

  test('the edge of a window is no door: a burst before it leaves next to nothing after it', () => {
    const rate = rateOf(100, 60)
    const burst = (at: number) => Array.from({ length: 300 }, () => ({ at, amount: 1 }))
    expect(sum(run(rate, [...burst(59_900), ...burst(60_000), ...burst(60_100)]))).toBe(100)
  })
})

test('whatever comes: in any stretch t at most limit + limit * t / window pass', () => {
  const arbitraryRate = fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100 }))
    .map(([limit, seconds]) => rateOf(limit, seconds))
  const arbitraryRequests = fc.array(
    fc.record({
      pause: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40_000, noNaN: true })),
      amount: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(arbitraryRate, arbitraryRequests, (rate, steps) => {
      let at = 0
      const passed = run(
        rate,
        steps.map(({ pause, amount }) => {
          at += pause
          return { at, amount }
        }),
      )
      for (const [from, first] of passed.entries()) {
        for (let to = from + 1; to <= passed.length; to += 1) {
          const stretch = passed.slice(from, to)
          const length = (stretch.at(-1)?.at ?? first.at) - first.at
          const most = rate.limit + length / rate.intervalMs
          expect(sum(stretch)).toBeLessThanOrEqual(most + 0.01)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('what is refused would have passed after the time that is named, and not a tenth before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 0, max: 2000 }),
      fc.integer({ min: 1, max: 1000 }),
      (limit, seconds, before, amount) => {
        const rate = rateOf(limit, seconds)
        const paidBackAt = pass(rate, PAID_BACK, Math.min(before, limit), 0)
        const wait = waitMs(rate, paidBackAt, amount, 0)
        expect(wait === null).toBe(amount > limit)
        if (wait === null) return
        expect(waitMs(rate, paidBackAt, amount, wait)).toBe(0)
        if (wait > 0) expect(waitMs(rate, paidBackAt, amount, wait * 0.9)).not.toBe(0)
      },
    ),
  )
})
