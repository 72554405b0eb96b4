import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { secretSha256 } from './secret-digest.ts'
import { SecretMemory } from './secret-memory.ts'

const ref = (keyId: string) => ({ keyId, projectId: 'p', version: 1 })
const sha256 = secretSha256('a string')

test('a string is remembered for a minute and no longer, and asking does not lengthen it', () => {
  let now = 1000
  const memory = new SecretMemory({ clock: { now: () => now } })
  memory.remember(sha256, ref('a'))
  now += 60_000
  expect(memory.get(sha256)).toEqual(ref('a'))
  expect(memory.get(secretSha256('another'))).toBeUndefined()
  now += 1
  expect(memory.get(sha256)).toBeUndefined()
})

test('it holds no more than it may', () => {
  const memory = new SecretMemory({ maxEntries: 10 })
  const all = Array.from({ length: 100 }, (_, index) => secretSha256(String(index)))
  for (const each of all) memory.remember(each, ref(each))
  expect(all.filter((each) => memory.get(each) !== undefined)).toEqual(all.slice(-10))
})

test('it shows no digest of a string', () => {
  const memory = new SecretMemory()
  memory.remember(sha256, ref('a'))
  expect(inspect(memory, { depth: 9, showHidden: true })).not.toContain(sha256)
})
