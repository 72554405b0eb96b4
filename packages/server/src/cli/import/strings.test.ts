import { expect, test } from 'vitest'
import { estimateBits } from './strings.ts'

test.for([
  ['0123456789abcdef0123456789abcdef', 128],
  ['3ZqWxv7nTbPkR2mYcDf9sH', 130],
  ['a'.repeat(40), 0],
  ['ab'.repeat(20), 40],
  ['12345678901234567890', 66],
  ['correct horse battery', 123],
])('%s has at most %d random bits', ([text, bits]) => {
  expect(estimateBits(String(text))).toBe(bits)
})
