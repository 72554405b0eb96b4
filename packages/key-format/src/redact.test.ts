import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secrets } from './_arbitraries.ts'
import { generateKey, maskKey, redactKeys } from './index.ts'

const KS_SEQ = 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'
const MASKED = 'ks_live_1000g40r40m30e209_****'

// What stands around a secret in logs: words, quotes, separators, other ids, glued letters.
const surrounding = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 10 }),
      fc.string({ unit: fc.constantFrom(...'_1zZ09 ='), maxLength: 20 }),
      fc.constantFrom('"', "'", '=', ' ', '\n', '&key=', 'Bearer ', '_', 'x', '\\', '%', '_1', '{'),
      fc.stringMatching(/^_[0-9][0-9a-z]{16}$/),
      fc.stringMatching(/^[0-9A-Za-z]{1,60}$/),
      fc.constantFrom('ks_live_1000g40r40m30e209_', '_1000g40r40m30e209_1234567'),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))

test('the mask is the public part and nothing of the random part', () => {
  expect(maskKey(KS_SEQ)).toBe(MASKED)
  fc.assert(
    fc.property(secrets, ({ secret }) => {
      expect(maskKey(secret)).toBe(`${secret.slice(0, -50)}_****`)
    }),
  )
})

test('the mask of a secret with a wrong checksum is its public part', () => {
  expect(maskKey(`${KS_SEQ.slice(0, -1)}0`)).toBe(MASKED)
  expect(maskKey(KS_SEQ.slice(0, -49) + 'z'.repeat(49))).toBe(MASKED)
})

test('the mask of anything else shows nothing', () => {
  const others = ['', 'password', ` ${KS_SEQ}`, `${KS_SEQ}\n`, KS_SEQ.slice(0, -1), `${KS_SEQ}x`]
  expect(others.map(maskKey)).toEqual(others.map(() => '****'))
  expect(maskKey(KS_SEQ.toUpperCase())).toBe('****')
  expect(maskKey(KS_SEQ.replace('_1', '_2'))).toBe('****')
})

test('redaction leaves the public part and the text around it', () => {
  expect(redactKeys(`curl -H "x-api-key: ${KS_SEQ}" 'https://a.b/?key=${KS_SEQ}&b=1'`)).toBe(
    `curl -H "x-api-key: ${MASKED}" 'https://a.b/?key=${MASKED}&b=1'`,
  )
  expect(redactKeys(`secrets:\n  - ${KS_SEQ}\n  - ${KS_SEQ},`)).toBe(
    `secrets:\n  - ${MASKED}\n  - ${MASKED},`,
  )
})

test('redaction leaves a text without a secret as it is', () => {
  const line = `2026-08-01 POST /v1/verify 200 id=000g40r40m30e209 ${MASKED} sha256=${'ab'.repeat(32)}`
  expect(redactKeys(line)).toBe(line)
  expect(redactKeys('')).toBe('')
})

test('no piece of 8 characters of a secret survives redaction in 1,000 surroundings', () => {
  expectHidden((secret) => secret)
})

test('two secrets without a gap are both hidden', () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'root' })
  expect(redactKeys(KS_SEQ + secret)).toBe(`${MASKED}_root_${secret.slice(8, 25)}_****`)
  expectHidden((secret) => secret + secret)
})

test('a secret that is cut at the end, and one that is cut before its id, are hidden', () => {
  for (let length = 8; length < 49; length += 5) {
    expect(redactKeys(KS_SEQ.slice(0, 26 + length))).toBe(MASKED)
  }
  expect(redactKeys(KS_SEQ.slice(7))).toBe('_1000g40r40m30e209_****')
  expectHidden((secret) => secret.slice(secret.lastIndexOf('_') - 18, -10))
})

test('a secret in capitals and one in small letters are hidden', () => {
  expectHidden((secret) => secret.toUpperCase())
  expectHidden((secret) => secret.toLowerCase())
})

test('a secret of another version is hidden', () => {
  for (const version of '023456789') {
    expectHidden((secret) => secret.slice(0, -67) + version + secret.slice(-66), 100)
  }
})

test('a secret with a mistyped letter or digit is hidden', () => {
  for (const typed of ['i', 'O', '0']) {
    expectHidden((secret) => secret.slice(0, -60) + typed + secret.slice(-59), 200)
    expectHidden((secret) => secret.slice(0, -20) + typed + secret.slice(-19), 200)
  }
})

test('a text that looks like an id, glued to the front, cannot hide the random part', () => {
  const headless = KS_SEQ.slice(KS_SEQ.indexOf('_1'))
  expect(redactKeys(`request_0123456789abcdefg${headless}`)).not.toContain('003aUlTJ')
})

test('hostile texts of 1 MB are redacted in linear time', () => {
  const id = '_1000g40r40m30e209'
  const hostile = ['_', '1', '_1', 'a1', id, `${id}_`, `${id}_1234567_`, KS_SEQ, `${KS_SEQ}_`]
  for (const piece of hostile) {
    const text = piece.repeat(Math.ceil(1_000_000 / piece.length))
    const startedAt = performance.now()
    redactKeys(text)
    maskKey(text)
    // Far above the few milliseconds it takes, and far below what backtracking would take.
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  }
})

function expectHidden(change: (secret: string) => string, numRuns = 1_000): void {
  fc.assert(
    fc.property(surrounding, fc.nat(), surrounding, (before, seed, after) => {
      const written = change(secretOf(seed))
      const shown = redactKeys(before + written + after)
      expect(survivors(written, shown, before + after)).toEqual([])
    }),
    { numRuns },
  )
}

function secretOf(seed: number): string {
  const kinds = ['live', 'test', 'root', 'boot']
  return generateKey({ brand: 'ks', kind: kinds[seed % 4] ?? 'live' }).secret
}

/** The pieces of the random part that can be read in `shown` and do not come from the surroundings. */
function survivors(written: string, shown: string, surroundings: string): string[] {
  const randomPart = written.slice(written.lastIndexOf('_') + 1)
  return Array.from({ length: randomPart.length - 7 }, (_, at) =>
    randomPart.slice(at, at + 8),
  ).filter((piece) => shown.includes(piece) && !surroundings.includes(piece))
}
