import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generateKey } from './index.ts'
import { decodeSealed, encodeSealed } from './sealed.ts'

const secret = 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'
const expected = { keyId: '000g40r40m30e209', secretVersion: 1_795_392_000_000 }
const sealed = `{"format":"keysmith-sealed/1","key_id":"000g40r40m30e209","secret_version":1795392000000,"secret":"${secret}"}`

test('the envelope is the documented text, in this order and without white space', () => {
  expect(encodeSealed({ ...expected, secret })).toBe(sealed)
})

test('what was sealed for a key and a version opens for them', () => {
  const versions = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(versions, (secretVersion) => {
      const { id, secret } = generateKey({ brand: 'acme', kind: 'live' })
      const text = encodeSealed({ keyId: id, secretVersion, secret })
      expect(decodeSealed(text, { keyId: id, secretVersion })).toEqual({ ok: true, secret })
    }),
  )
})

test('an envelope moved to another key is refused', () => {
  const moved = decodeSealed(sealed, { ...expected, keyId: '000g40r40m30e208' })
  expect(moved).toEqual({ ok: false, reason: 'key_id' })
})

test('an old envelope that was put back is refused', () => {
  const old = decodeSealed(sealed, { ...expected, secretVersion: 1_795_392_000_001 })
  expect(old).toEqual({ ok: false, reason: 'secret_version' })
})

test('a secret of another key, a broken one and a marker in its place are refused', () => {
  const other = generateKey({ brand: 'ks', kind: 'live' }).secret
  const broken = `${secret.slice(0, -1)}3`
  for (const wrong of [other, broken, '', 'ks_unavailable_secret_not_delivered']) {
    const opened = decodeSealed(sealed.replace(secret, wrong), expected)
    expect(opened).toEqual({ ok: false, reason: 'secret' })
  }
})

test('an envelope of a newer Keysmith is called so, whatever else it holds', () => {
  for (const version of ['2', '9', '10', '123']) {
    const text = `{"format":"keysmith-sealed/${version}","keys":[]}`
    expect(decodeSealed(text, expected)).toEqual({ ok: false, reason: 'newer_format' })
  }
})

test('anything that encodeSealed does not write has the wrong shape', () => {
  const wrong = [
    '',
    'null',
    '[]',
    '"text"',
    secret,
    '{}',
    '{"format":1}',
    sealed.slice(0, -1),
    `${sealed}\n`,
    sealed.replace(',', ', '),
    sealed.replace('"key_id":"000g40r40m30e209",', ''),
    sealed.replace('"000g40r40m30e209"', '10'),
    sealed.replace('1795392000000', '"1795392000000"'),
    sealed.replace('1795392000000', '1795392000000.0'),
    sealed.replace('1795392000000', '1795392000000.5'),
    sealed.replace('1795392000000', '-1'),
    sealed.replace('1795392000000', '9007199254740993'),
    sealed.replace(`,"secret":"${secret}"`, ''),
    sealed.replace(`"${secret}"`, 'null'),
    sealed.replace('}', ',"note":"x"}'),
    sealed.replace('}', `,"secret":"${secret}"}`),
    sealed.replace('/1', '/0'),
    sealed.replace('/1', '/02'),
    sealed.replace('/1', '/1.1'),
    sealed.replace('keysmith-sealed', 'other-sealed'),
    '['.repeat(60_000),
  ]
  for (const text of wrong) {
    expect(decodeSealed(text, expected), text.slice(0, 200)).toEqual({ ok: false, reason: 'shape' })
  }
})

test('a text of more than 64 KiB is refused unread', () => {
  expect(decodeSealed(sealed.padEnd(65_537), expected)).toEqual({ ok: false, reason: 'too_large' })
  expect(decodeSealed(sealed.padEnd(65_536), expected)).toEqual({ ok: false, reason: 'shape' })
})

test('reading never throws, and a failure contains nothing but its reason', () => {
  const edited = fc
    .tuple(fc.nat({ max: sealed.length }), fc.string({ maxLength: 3 }), fc.nat({ max: 3 }))
    .map(([at, text, removed]) => sealed.slice(0, at) + text + sealed.slice(at + removed))
  const texts = fc.oneof(edited, fc.json(), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(texts, (text) => {
      const opened = decodeSealed(text, expected)
      if (opened.ok) expect(text).toBe(sealed)
      else expect(Object.keys(opened)).toEqual(['ok', 'reason'])
    }),
    { numRuns: 2_000 },
  )
})

test('nothing is sealed for the wrong key or with a version that is not an integer', () => {
  const other = { ...expected, keyId: '000g40r40m30e208' }
  expect(() => encodeSealed({ ...other, secret })).toThrow(
    new RangeError('Not a secret of the key'),
  )
  expect(() => encodeSealed({ ...expected, secret: 'x' })).toThrow(RangeError)
  for (const secretVersion of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => encodeSealed({ ...expected, secretVersion, secret })).toThrow(
      new RangeError('Not a secret version'),
    )
  }
})
