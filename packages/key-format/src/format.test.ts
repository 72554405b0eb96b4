import { expect, test } from 'vitest'
import { crc32, generateKey, isBrand, isKey, maskKey, parseKey, redactKeys } from './index.ts'

const KS_SEQ = 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'

test('the published secret reads as its public part', () => {
  expect(parseKey(KS_SEQ)).toEqual({
    ok: true,
    brand: 'ks',
    kind: 'live',
    version: 1,
    id: '000g40r40m30e209',
    public: 'ks_live_1000g40r40m30e209',
  })
})

test('a generated secret is one of its brand and kind', () => {
  const { id, secret } = generateKey({ brand: 'ks', kind: 'live' })
  expect(parseKey(secret)).toMatchObject({ ok: true, id })
  expect(isKey(secret, { brand: 'ks', kinds: ['live'] })).toBe(true)
  expect(isKey(secret, { brand: 'acme' })).toBe(false)
  expect(isKey(secret, { kinds: ['root'] })).toBe(false)
  expect(isBrand('example')).toBe(false)
})

test('the checksum is CRC-32/ISO-HDLC', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
})

test('mask and redaction show the public part only', () => {
  expect(maskKey(KS_SEQ)).toBe('ks_live_1000g40r40m30e209_****')
  expect(redactKeys(`token=${KS_SEQ}`)).toBe('token=ks_live_1000g40r40m30e209_****')
})
