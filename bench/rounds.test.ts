import { expect, test } from 'vitest'
import { isMissed } from './result.ts'
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

test('a must is missed by more than the noise, and a figure without one never', () => {
  const figure = { what: 'ratio', unit: 'x' as const, low: 1, high: 9 }
  expect(isMissed({ ...figure, median: 2.4, must: 2 })).toBe(false)
  expect(isMissed({ ...figure, median: 2.41, must: 2 })).toBe(true)
  expect(isMissed({ ...figure, median: 100 })).toBe(false)
})
