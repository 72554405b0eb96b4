import type { UsageQuery } from '@keysmith/contract'
import { expect, test } from 'vitest'
import { ApiError } from '../errors.ts'
import { endOfPoints, readUsageRange } from './usage-range.ts'

const NOW = Date.UTC(2027, 0, 15, 10, 20)

function range(query: UsageQuery) {
  const found = readUsageRange(query, NOW)
  const at = (time: number) => new Date(time).toISOString().replace(':00.000Z', 'Z')
  return [found.resolution, at(found.from), at(found.to), at(endOfPoints(found))]
}

const RANGES: [UsageQuery, string[]][] = [
  [{}, ['hour', '2027-01-14T10:00Z', '2027-01-15T10:20Z', '2027-01-15T11:00Z']],
  [{ resolution: 'day' }, ['day', '2026-12-16T00:00Z', '2027-01-15T10:20Z', '2027-01-16T00:00Z']],
  [
    { from: '2027-01-15T09:59:59.999Z' },
    ['hour', '2027-01-15T09:00Z', '2027-01-15T10:20Z', '2027-01-15T11:00Z'],
  ],
  [
    { to: '2027-01-10T00:00:00Z' },
    ['hour', '2027-01-09T00:00Z', '2027-01-10T00:00Z', '2027-01-10T00:00Z'],
  ],
  [
    { resolution: 'day', from: '2027-01-02T01:00:00+02:00', to: '2027-01-03T00:00:00Z' },
    ['day', '2027-01-01T00:00Z', '2027-01-03T00:00Z', '2027-01-03T00:00Z'],
  ],
  [
    { from: '1969-12-31T23:30:00Z', to: '1970-01-01T00:30:00Z' },
    ['hour', '1969-12-31T23:00Z', '1970-01-01T00:30Z', '1970-01-01T01:00Z'],
  ],
]

test.each(RANGES)('%o is whole hours or days', (query, expected) => {
  expect(range(query)).toEqual(expected)
})

function problem(query: UsageQuery) {
  try {
    readUsageRange(query, NOW)
  } catch (error) {
    if (error instanceof ApiError) return error.extras.fields?.[0]
  }
  return null
}

const HOUR = 3_600_000
const iso = (at: number) => new Date(at).toISOString()

test.each([
  ['hour', HOUR],
  ['day', 24 * HOUR],
] as const)(
  '1,000 points by the %s are answered, one more is refused with what to do',
  (resolution, pointMs) => {
    const to = Date.UTC(2027, 0, 15)
    const ask = (points: number) =>
      problem({ resolution, from: iso(to - points * pointMs), to: iso(to) })
    expect(ask(1000)).toBeNull()
    expect(ask(1001)?.path).toBe('from')
    expect(ask(1001)?.message).toMatch(/give a later time: .* 1000 points at most/)
    expect(ask(1001)?.message.includes('resolution=day')).toBe(resolution === 'hour')
    // The thousand-and-first point has only begun.
    expect(problem({ resolution, from: iso(to - 1000 * pointMs), to: iso(to + 1) })?.path).toBe(
      'from',
    )
  },
)

test('a start after the end is refused by its name, the same instant is not', () => {
  expect(problem({ from: iso(NOW + 1) })).toEqual({
    path: 'from',
    message: 'give a time before now',
  })
  expect(problem({ from: iso(NOW - 1), to: iso(NOW - 2) })).toEqual({
    path: 'from',
    message: 'give a time before to',
  })
  expect(problem({ from: iso(NOW), to: iso(NOW) })).toBeNull()
})

test('a leap second, which epoch time does not have, is refused by its field', () => {
  expect(problem({ from: '2026-12-31T23:59:60Z' })?.path).toBe('from')
  expect(problem({ to: '2026-12-31T23:59:60Z' })?.path).toBe('to')
})
