import fc from 'fast-check'
import { expect, test } from 'vitest'
import { periodEnd, periodStart } from './period.ts'

const at = (text: string) => Date.parse(text)
const iso = (time: number | null) => time && new Date(time).toISOString()

test.each([
  ['day', '2026-11-25T00:00:00.000Z', '2026-11-25T23:59:59.999Z', '2026-11-26T00:00:00.000Z'],
  ['week', '2026-11-23T00:00:00.000Z', '2026-11-29T23:59:59.999Z', '2026-11-30T00:00:00.000Z'],
  ['month', '2026-11-01T00:00:00.000Z', '2026-11-30T23:59:59.999Z', '2026-12-01T00:00:00.000Z'],
  ['month', '2028-02-01T00:00:00.000Z', '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00.000Z'],
  ['month', '2026-12-01T00:00:00.000Z', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
  ['week', '1969-12-29T00:00:00.000Z', '1970-01-04T23:59:59.999Z', '1970-01-05T00:00:00.000Z'],
] as const)('a %s from %s to %s', (period, start, last, next) => {
  for (const now of [at(start), at(start) + 1, at(last)]) {
    expect([iso(periodStart(period, now)), iso(periodEnd(period, now))]).toEqual([start, next])
  }
  expect(iso(periodStart(period, at(next)))).toBe(next)
})

test('a quota without a period never starts again', () => {
  expect([periodStart('none', Date.now()), periodEnd('none', Date.now())]).toEqual([0, null])
})

test('every moment lies in exactly one period, which begins on its day at 00:00 UTC', () => {
  const moment = fc.integer({ min: at('1971-01-01T00:00:00Z'), max: at('2200-01-01T00:00:00Z') })
  fc.assert(
    fc.property(moment, fc.constantFrom('day', 'week', 'month'), (now, period) => {
      const start = periodStart(period, now)
      const end = periodEnd(period, now) ?? Number.NaN
      expect(start <= now && now < end).toBe(true)
      expect([periodStart(period, end - 1), periodStart(period, end)]).toEqual([start, end])
      const first = new Date(start)
      expect(start % 86_400_000).toBe(0)
      if (period === 'week') expect(first.getUTCDay()).toBe(1)
      if (period === 'month') expect(first.getUTCDate()).toBe(1)
    }),
  )
})
