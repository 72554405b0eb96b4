import { generateKey, parseKey } from '@keysmith/key-format'
import { isPublished } from '@keysmith/key-format/scanners'
import vectors from '@keysmith/key-format/vectors.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { isPublishedSha256 } from './published-secrets.ts'
import { secretSha256 } from './secret-digest.ts'

test('the id and the digest of every published vector are known as such', () => {
  expect(vectors.valid.length).toBeGreaterThan(10)
  for (const { secret } of vectors.valid) {
    const parsed = parseKey(secret)
    expect(isPublishedSha256(secretSha256(secret)), secret).toBe(true)
    expect(parsed.ok && isPublished(parsed.id), secret).toBe(true)
  }
  const { id, secret } = generateKey({ brand: 'ks', kind: 'live' })
  expect([isPublished(id), isPublishedSha256(secretSha256(secret))]).toEqual([false, false])
})
