import { createHash } from 'node:crypto'
import { generateKey } from '@keysmith/key-format'
import { expect, test, vi } from 'vitest'
import { PepperMissing, Peppers } from './pepper.ts'
import { digestSecret, matchSecret, secretSha256 } from './secret-digest.ts'

const created = '2026-01-01T00:00:00.000Z'
/** The bytes 0 to 31. */
const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const peppers = new Peppers([{ id: 'fixed', state: 'primary', created, key }])

/** The published vector "ks-seq". */
const VECTOR = 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'

test('the stored form is fixed: keys of released versions verify for ever', () => {
  // Both values computed with Python's hashlib and hmac, not with the code under test.
  expect(secretSha256(VECTOR)).toBe(
    '39c78a3a7131c19a90af0e27bb00f7acfbdb1de4d323e3b7f038a2619bc9f5ea',
  )
  const { digest, pepperId } = digestSecret(peppers, secretSha256(VECTOR))
  expect(pepperId).toBe('fixed')
  expect(Buffer.from(digest).toString('hex')).toBe(
    '411c6a58c6bc989b0c529056af1e06691f0d23a72a5dd0e622b4eb82681d8ce7',
  )
})

test('the digest is 32 bytes, needs the pepper, and differs for every change of the secret', () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  const { digest } = digestSecret(peppers, secretSha256(secret))
  expect(digest).toHaveLength(32)
  expect(Buffer.from(digest)).not.toEqual(createHash('sha256').update(secret).digest())
  const stored = [{ digest, pepperId: 'fixed' }]
  expect(matchSecret(peppers, stored, secretSha256(secret))).toBe(stored[0])
  for (let at = 0; at < secret.length; at += 1) {
    const other = `${secret.slice(0, at)}${secret[at] === 'x' ? 'y' : 'x'}${secret.slice(at + 1)}`
    expect(matchSecret(peppers, stored, secretSha256(other))).toBeNull()
  }
})

test('during an overlap the secret that was presented is found, whichever it is', () => {
  const secrets = [1, 2].map(() => generateKey({ brand: 'ks', kind: 'live' }).secret)
  const stored = secrets.map((secret, version) => ({
    ...digestSecret(peppers, secretSha256(secret)),
    version,
  }))
  for (const [version, secret] of secrets.entries()) {
    expect(matchSecret(peppers, stored, secretSha256(secret))?.version).toBe(version)
  }
  expect(matchSecret(peppers, stored, secretSha256(VECTOR))).toBeNull()
})

test('an absent key costs the same keyed digest as a present one (R40)', () => {
  const hmac = vi.spyOn(peppers, 'hmac')
  const sha256 = secretSha256(VECTOR)
  expect(matchSecret(peppers, [], sha256)).toBeNull()
  expect(hmac).toHaveBeenCalledTimes(1)
  matchSecret(peppers, [{ digest: new Uint8Array(32), pepperId: 'fixed' }], sha256)
  expect(hmac).toHaveBeenCalledTimes(2)
  hmac.mockRestore()
})

test('a digest of a pepper that is not held is an alarm, not a mismatch', () => {
  const stored = [{ digest: new Uint8Array(32), pepperId: 'lost' }]
  expect(() => matchSecret(peppers, stored, secretSha256(VECTOR))).toThrow(PepperMissing)
})
