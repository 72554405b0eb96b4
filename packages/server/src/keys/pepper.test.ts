import { hkdfSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type Pepper, PepperMissing, Peppers } from './pepper.ts'

const created = '2026-01-01T00:00:00.000Z'
const pepper = (id: string, state: Pepper['state'], key = randomBytes(32)): Pepper => ({
  id,
  state,
  created,
  key: key.toString('base64'),
})

/** The bytes 0 to 31. */
const FIXED = Buffer.from(Array.from({ length: 32 }, (_, index) => index))

test('the primary pepper is used for what is new, an enabled one for what is old', () => {
  const peppers = new Peppers([pepper('old', 'enabled'), pepper('new', 'primary')])
  const data = Buffer.from('data')
  expect(peppers.primaryId).toBe('new')
  expect(peppers.hmac('new', data).equals(peppers.hmac('old', data))).toBe(false)
})

test('a pepper that is disabled or absent is an alarm and never a digest', () => {
  const peppers = new Peppers([pepper('off', 'disabled'), pepper('on', 'primary')])
  expect(() => peppers.hmac('off', FIXED)).toThrow(PepperMissing)
  expect(() => peppers.hmac('gone', FIXED)).toThrow('pepper gone is not in the keyset')
})

test('a keyset without a primary pepper is refused', () => {
  expect(() => new Peppers([pepper('a', 'enabled')])).toThrow('no primary')
})

test('the key-check value is fixed: databases of released versions hold it', () => {
  const checks = new Peppers([pepper('p', 'primary', FIXED)]).checks()
  // HKDF-SHA-256 computed with Python's hmac, not with the code under test.
  expect(checks.get('p')).toBe('3c517c0c8c569afe0059d9fafb3d57dc29ec1626987ba116152bfbcacf29d2aa')
})

test('key-check values differ between peppers and are not made with the key of the digests', () => {
  const peppers = new Peppers([pepper('a', 'primary'), pepper('b', 'enabled')])
  const checks = peppers.checks()
  expect([...checks.keys()]).toEqual(['a', 'b'])
  expect(checks.get('a')).not.toBe(checks.get('b'))
  const label = Buffer.from('keysmith/key-check/1')
  expect(checks.get('a')).not.toBe(peppers.hmac('a', label).toString('hex'))
  const other = hkdfSync('sha256', FIXED, '', 'keysmith/key-check/2', 32)
  expect([...checks.values()]).not.toContain(Buffer.from(other).toString('hex'))
})

test('a keyset that is logged by mistake shows no key', () => {
  const key = randomBytes(32)
  const peppers = new Peppers([pepper('a', 'primary', key)])
  const shown = `${inspect(peppers, { depth: 9, showHidden: true })} ${JSON.stringify(peppers)}`
  expect(shown).not.toContain(key.toString('base64'))
  expect(shown).not.toContain(key.toString('hex'))
})
