import { expect, test } from 'vitest'
import { isMissed, toLine } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'

test('every round takes each variant once, and begins with another one', async () => {
  const calls: string[] = []
  const variant = (name: string, ms: number) => async () => {
    calls.push(name)
    return ms
  }
  const times = await interleave(3, { a: variant('a', 1), b: variant('b', 2) })
  expect(calls).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
  expect(times).toEqual(Array(3).fill({ a: 1, b: 2 }))
})

test('the spread is the middle, and the range without the outermost tenth on each side', () => {
  const values = [9, 1, 5, 1000, 3, 7, 2, 8, 4, 6, 0]
  expect(spreadOf(values)).toEqual({ median: 5, low: 1, high: 9 })
})

test('a must is missed by more than the noise in either direction, and a figure without one never', () => {
  const figure = { what: 'ratio', unit: 'x' as const, low: 1, high: 9 }
  expect(isMissed({ ...figure, median: 2.4, must: { atMost: 2 } })).toBe(false)
  expect(isMissed({ ...figure, median: 2.41, must: { atMost: 2 } })).toBe(true)
  expect(isMissed({ ...figure, median: 1.6, must: { atLeast: 2 } })).toBe(false)
  expect(isMissed({ ...figure, median: 1.59, must: { atLeast: 2 } })).toBe(true)
  expect(isMissed({ ...figure, median: 100 })).toBe(false)
})

test('what no clock measures is missed by nothing', () => {
  const figure = { what: 'oversold', unit: 'credits' as const, low: 0, high: 0 }
  expect(isMissed({ ...figure, median: 0, must: { atMost: 0 } })).toBe(false)
  expect(isMissed({ ...figure, median: 1, must: { atMost: 0 } })).toBe(true)
  expect(isMissed({ ...figure, unit: 'bytes', median: 5001, must: { atMost: 5000 } })).toBe(true)
})

test('a line shows the figure with its must and its goal', () => {
  const figure = { what: 'cached', unit: 'x' as const, median: 0.512, low: 0.4, high: 0.6 }
  const bounds = { must: { atLeast: 0.7 }, goal: { atLeast: 0.9 } }
  expect(toLine({ ...figure, ...bounds }).replace(/ +/g, ' ')).toBe(
    'cached 0.51 x (0.40 to 0.60) must >= 0.7 goal >= 0.9 MISSED',
  )
})
