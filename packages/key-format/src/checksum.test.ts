import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from './index.ts'

test('the check value of CRC-32/ISO-HDLC is cbf43926', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
  expect(crc32('')).toBe(0)
})

test('the checksum of any ASCII text is the one of zlib, as an unsigned integer', () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 })
  fc.assert(fc.property(ascii, (text) => crc32(text) === zlibCrc32(text)))
})
