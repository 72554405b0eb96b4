import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secrets } from './_arbitraries.ts'
import { seededBytes, seededIntegers } from './_seeded.ts'
import {
  formatKey,
  generateKey,
  isBrand,
  isKey,
  KEY_PATTERN,
  keyPattern,
  parseKey,
} from './index.ts'

const KS_SEQ = 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'
const WORD = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-'
const REASONS = ['empty', 'too_long', 'shape', 'unsupported_version', 'not_canonical', 'checksum']
const OUTSIDE = new RangeError('Outside the key format')
const id = new Uint8Array(10)
const random = new Uint8Array(32)

test('every secret reads back as its brand, kind, id and public part', () => {
  fc.assert(
    fc.property(secrets, ({ brand, kind, secret }) => {
      const parsed = parseKey(secret)
      expect(parsed).toMatchObject({ ok: true, brand, kind, version: 1 })
      if (parsed.ok) expect(parsed.public).toBe(`${brand}_${kind}_1${parsed.id}`)
      expect(secret.length).toBe(brand.length + kind.length + 69)
    }),
  )
})

test('different bytes give different secrets', () => {
  fc.assert(
    fc.property(secrets, fc.nat({ max: 41 }), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
      const [otherId, otherRandom] = [one.id.slice(), one.random.slice()]
      const target = at < 10 ? otherId : otherRandom
      const index = at < 10 ? at : at - 10
      target[index] = (target[index] ?? 0) ^ flip
      expect(formatKey({ ...one, id: otherId, random: otherRandom })).not.toBe(one.secret)
    }),
  )
})

test('every single-character change of a generated secret is refused', () => {
  for (const secret of generatedSecrets()) {
    const passed = singleChanges(secret).filter((changed) => parseKey(changed).ok)
    expect(passed).toEqual([])
  }
})

test('every swap of two neighbours in a generated secret is refused', () => {
  for (const secret of generatedSecrets()) {
    const passed = adjacentSwaps(secret).filter((swapped) => parseKey(swapped).ok)
    expect(passed).toEqual([])
  }
})

test('a single change or a swap of neighbours is refused in a secret of any brand and kind', () => {
  fc.assert(
    fc.property(secrets, fc.nat(), fc.nat(), ({ secret }, at, letter) => {
      const changes = singleChanges(secret)
      const swaps = adjacentSwaps(secret)
      expect(parseKey(changes[(at * 64 + letter) % changes.length]).ok).toBe(false)
      expect(parseKey(swaps[at % swaps.length]).ok).toBe(false)
    }),
  )
})

test('another kind written over the kind is a wrong checksum, since the prefix is covered', () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  for (const kind of ['test', 'root', 'boot']) {
    const edited = secret.replace('ks_live_', `ks_${kind}_`)
    expect(parseKey(edited)).toEqual({ ok: false, reason: 'checksum' })
  }
})

test('a secret of a later version is called unsupported, whatever follows the version', () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  for (const version of '23456789') {
    const later = secret.replace('ks_live_1', `ks_live_${version}`)
    expect(parseKey(later)).toEqual({ ok: false, reason: 'unsupported_version' })
  }
  expect(parseKey('ks_live_2_x')).toEqual({ ok: false, reason: 'unsupported_version' })
})

test('reading never throws and never shows the random part, for 1,000,000 inputs of any type', () => {
  const next = seededIntegers(3)
  const outcomes = new Set<string>()
  for (let round = 0; round < 1_000_000; round++) {
    const input = anyInput(next)
    const parsed = parseKey(input)
    outcomes.add(parsed.ok ? 'ok' : parsed.reason)
    if (parsed.ok ? showsRandomPart(String(input), parsed) : Object.keys(parsed).length > 2) {
      expect.fail(`round ${round}`)
    }
  }
  expect([...outcomes].sort()).toEqual([...REASONS, 'ok'].sort())
})

test('a parameter that names a brand or kinds narrows what is a secret', () => {
  expect(isKey(KS_SEQ)).toBe(true)
  expect(isKey(KS_SEQ, { brand: 'ks', kinds: ['live', 'test'] })).toBe(true)
  expect(isKey(KS_SEQ, { brand: 'acme' })).toBe(false)
  expect(isKey(KS_SEQ, { kinds: ['root'] })).toBe(false)
  expect(isKey(KS_SEQ, { kinds: [] })).toBe(false)
  expect(isKey(`${KS_SEQ} `)).toBe(false)
})

test('the reserved brand is read, but is never the expected one', () => {
  const secret = formatKey({ brand: 'example', kind: 'live', id, random })
  expect(parseKey(secret)).toMatchObject({ ok: true, brand: 'example' })
  expect(isKey(secret)).toBe(true)
  expect(isKey(secret, { brand: 'ks' })).toBe(false)
  expect(isKey(secret, { brand: 'example' })).toBe(false)
})

test('a brand is 2 to 12 lower-case letters and digits, a letter first, and not reserved', () => {
  const brands = ['ks', 'a1', 'acme', 'abcdefghijk9', 'examples']
  expect(brands.filter(isBrand)).toEqual(brands)
  const others = [
    '',
    'k',
    'abcdefghijk90',
    '1s',
    'KS',
    'a_b',
    'a-b',
    'ks\n',
    ' ks',
    'ké',
    'example',
  ]
  expect(others.filter(isBrand)).toEqual([])
  expect([undefined, null, 12, {}, ['ks']].filter(isBrand)).toEqual([])
})

test('a part outside the grammar is refused, without showing any part', () => {
  const parts = { brand: 'ks', kind: 'live', id, random }
  const mistakes = [
    { ...parts, brand: 'k' },
    { ...parts, brand: 'KS' },
    { ...parts, brand: 'ks_live' },
    { ...parts, brand: 'abcdefghijk90' },
    { ...parts, kind: 'l' },
    { ...parts, kind: 'l-ve' },
    { ...parts, kind: 'live_live' },
    { ...parts, kind: 'staging89' },
    { ...parts, id: new Uint8Array(9) },
    { ...parts, id: new Uint8Array(11) },
    { ...parts, random: new Uint8Array(31) },
    { ...parts, random: new Uint8Array(33) },
  ]
  for (const mistake of mistakes) expect(() => formatKey(mistake)).toThrow(OUTSIDE)
})

test('the patterns are the published ones', () => {
  expect(keyPattern('ks')).toBe(
    'ks_(?:live|test|root|boot)_1[0-9a-hjkmnp-tv-z]{16}_[0-9A-Za-z]{49}',
  )
  expect(KEY_PATTERN).toBe(
    '[a-z][a-z0-9]{1,11}_(?:live|test|root|boot)_1[0-9a-hjkmnp-tv-z]{16}_[0-9A-Za-z]{49}',
  )
  expect(keyPattern('acme', ['live'])).toContain('acme_(?:live)_1')
})

test('a pattern cannot be made of a reserved or wrong brand, or of no or wrong kinds', () => {
  expect(() => keyPattern('example')).toThrow(OUTSIDE)
  expect(() => keyPattern('k.*')).toThrow(OUTSIDE)
  expect(() => keyPattern('ks', [])).toThrow(OUTSIDE)
  expect(() => keyPattern('ks', ['live|.*'])).toThrow(OUTSIDE)
})

function generatedSecrets(): string[] {
  return ['live', 'test', 'root', 'boot'].map((kind) => generateKey({ brand: 'ks', kind }).secret)
}

function singleChanges(secret: string): string[] {
  return [...secret].flatMap((old, at) =>
    [...WORD].filter((letter) => letter !== old).map((letter) => edited(secret, at, letter, 1)),
  )
}

function adjacentSwaps(secret: string): string[] {
  return [...secret]
    .map((letter, at) => edited(secret, at, secret.charAt(at + 1) + letter, 2))
    .filter((swapped) => swapped !== secret)
}

function anyInput(next: () => number): unknown {
  const kind = ANY_INPUTS[next() % ANY_INPUTS.length]
  return kind?.(next)
}

const UNREADABLE = new Proxy(
  {},
  {
    get() {
      throw new Error('read')
    },
  },
)

const bytes = seededBytes(33)
const POOL = Array.from({ length: 1_000 }, () =>
  formatKey({ brand: 'ks', kind: 'live', id: bytes(10), random: bytes(32) }),
)

const ANY_INPUTS: ((next: () => number) => unknown)[] = [
  (next) => [undefined, null, true, Number.NaN, Symbol('key'), UNREADABLE, parseKey][next() % 7],
  (next) => (next() % 2 ? next() : BigInt(next())),
  (next) => [{ toString: () => KS_SEQ }, [KS_SEQ], Object(KS_SEQ), new Date(next())][next() % 4],
  (next) => text(next, 140, 256),
  (next) => text(next, 80, 65_536),
  (next) => Array.from({ length: next() % 140 }, () => WORD[next() % 65]).join(''),
  (next) => poolSecret(next),
  (next) => edited(poolSecret(next), next() % 75, WORD.charAt(next() % 65), next() % 3),
  (next) => poolSecret(next).slice(0, -49) + 'z'.repeat(next() % 60),
  (next) => poolSecret(next).replace('_1', `_${next() % 12}`),
]

function text(next: () => number, lengthMax: number, codeMax: number): string {
  const codes = Array.from({ length: next() % lengthMax }, () => next() % codeMax)
  return String.fromCharCode(...codes)
}

function poolSecret(next: () => number): string {
  return POOL[next() % POOL.length] ?? KS_SEQ
}

function edited(secret: string, at: number, letter: string, removed: number): string {
  return secret.slice(0, at) + letter + secret.slice(at + removed)
}

function showsRandomPart(secret: string, parsed: object): boolean {
  const shown = Object.values(parsed).join(' ')
  for (let at = secret.length - 49; at <= secret.length - 8; at++) {
    if (shown.includes(secret.slice(at, at + 8))) return true
  }
  return false
}
