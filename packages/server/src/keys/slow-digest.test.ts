import * as crypto from 'node:crypto'
import { expect, test } from 'vitest'
import { matchesSlowDigest, slowDigest } from './slow-digest.ts'

const input = crypto.randomBytes(32)

test('the digest is Argon2id 1.3 with 19 MiB, two passes, one lane, as OpenSSL computes it', async () => {
  const { digest, kdf } = await slowDigest(input)
  const [, variant, version, parameters, salt = ''] = kdf.split('$')
  expect([variant, version, parameters]).toEqual(['argon2id', 'v=19', 'm=19456,t=2,p=1'])
  const nonce = Buffer.from(salt, 'base64')
  expect(nonce).toHaveLength(16)
  const other = crypto.argon2Sync('argon2id', {
    ...{ message: input, nonce, memory: 19_456, passes: 2, parallelism: 1 },
    tagLength: 32,
  })
  expect(digest.equals(other)).toBe(true)
})

test('it has a salt of its own, and matches its input only', async () => {
  const [one, other] = await Promise.all([slowDigest(input), slowDigest(input)])
  expect(one.digest.equals(other.digest)).toBe(false)
  for (const stored of [one, other]) {
    expect(await matchesSlowDigest(stored, input)).toBe(true)
    expect(await matchesSlowDigest(stored, crypto.randomBytes(32))).toBe(false)
  }
  expect(await matchesSlowDigest({ ...one, kdf: other.kdf }, input)).toBe(false)
})

test('the parameters are those of the row, also when ours have changed since', async () => {
  const kdf = '$argon2id$v=19$m=64,t=3,p=2$c29tZSBzYWx0IG9mIG1pbmU'
  const digest = crypto.argon2Sync('argon2id', {
    ...{ message: input, nonce: Buffer.from('some salt of mine'), memory: 64, passes: 3 },
    ...{ parallelism: 2, tagLength: 32 },
  })
  expect(await matchesSlowDigest({ digest, kdf }, input)).toBe(true)
})

test('a row without readable parameters is an error and never a mismatch', async () => {
  for (const kdf of [
    '',
    '$argon2i$v=19$m=64,t=3,p=2$c2FsdHNhbHQ',
    '$argon2id$v=16$m=64,t=3,p=2$c2Fs',
  ]) {
    await expect(matchesSlowDigest({ digest: Buffer.alloc(32), kdf }, input)).rejects.toThrow(
      'no parameters',
    )
  }
})
