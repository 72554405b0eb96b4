import { expect, test } from 'vitest'
import { allowsModel } from './allowed-models.ts'

test('no list allows what it does not name', () => {
  expect(allowsModel([], 'a')).toBe(false)
  expect(allowsModel(['a'], 'ab')).toBe(false)
  expect(allowsModel(['a*'], 'ab')).toBe(true)
  expect(allowsModel(['a*'], 'A')).toBe(false)
  expect(allowsModel(['a.b'], 'axb')).toBe(false)
})
