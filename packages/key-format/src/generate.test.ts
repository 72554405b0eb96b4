import { afterEach, expect, test, vi } from 'vitest'
import { seededBytes } from './_seeded.ts'
import { BASE62 } from './alphabet.ts'
import { generateId, generateKey, isKey, KEY_PATTERN, keyPattern, parseKey } from './index.ts'

const OUTSIDE = new RangeError('Outside the key format')
const KINDS = ['live', 'test', 'root', 'boot']

afterEach(() => {
  vi.restoreAllMocks()
})

test('a generated secret of every kind is a secret and matches the patterns', () => {
  for (const kind of KINDS) {
    const { id, secret } = generateKey({ brand: 'acme', kind })
    expect(parseKey(secret)).toMatchObject({ ok: true, brand: 'acme', kind, id })
    expect(isKey(secret, { brand: 'acme', kinds: [kind] })).toBe(true)
    for (const pattern of [KEY_PATTERN, keyPattern('acme'), keyPattern('acme', [kind])]) {
      expect(secret).toMatch(new RegExp(`^${pattern}$`))
    }
  }
})

test('a rotated secret has the same public part and another random part', () => {
  const first = generateKey({ brand: 'ks', kind: 'live' })
  const second = generateKey({ brand: 'ks', kind: 'live', id: first.id })
  expect(second.id).toBe(first.id)
  expect(second.secret.slice(0, -49)).toBe(first.secret.slice(0, -49))
  expect(second.secret.slice(-49, -6)).not.toBe(first.secret.slice(-49, -6))
})

test('the reserved brand is never issued', () => {
  expect(() => generateKey({ brand: 'example', kind: 'live' })).toThrow(OUTSIDE)
})

test('a brand, kind, id or source of bytes outside the grammar is refused, showing nothing', () => {
  const options = { brand: 'ks', kind: 'live' }
  const id = generateId()
  const mistakes = [
    { ...options, brand: 'k' },
    { ...options, kind: 'LIVE' },
    { ...options, id: '' },
    { ...options, id: '000g40r40m30e20i' },
    { ...options, id: `${id}0` },
    { ...options, id: generateKey(options).secret },
    { ...options, random: () => new Uint8Array(32) },
    { ...options, id, random: () => new Uint8Array(10) },
  ]
  for (const mistake of mistakes) expect(() => generateKey(mistake)).toThrow(OUTSIDE)
})

test('the only source of random bytes is getRandomValues: 10 bytes for the id, 32 for the rest', () => {
  const source = vi.spyOn(globalThis.crypto, 'getRandomValues')
  vi.spyOn(Math, 'random').mockImplementation(() => {
    throw new Error('Math.random')
  })
  generateKey({ brand: 'ks', kind: 'live' })
  expect(source.mock.calls.map(([array]) => array?.byteLength)).toEqual([10, 32])
  generateKey({ brand: 'ks', kind: 'live', id: generateId() })
  expect(source.mock.calls.map(([array]) => array?.byteLength)).toEqual([10, 32, 10, 32])
})

test('an id has the width and alphabet of the id of a key', () => {
  expect(generateId()).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/)
  expect(generateId(() => new Uint8Array(10).fill(255))).toBe('zzzzzzzzzzzzzzzz')
  expect(() => generateId(() => new Uint8Array(9))).toThrow(RangeError)
})

test('generated secrets stand above the entropy floor of the gitleaks rule', () => {
  const bytes = seededBytes(5)
  for (let round = 0; round < 10_000; round++) {
    const { secret } = generateKey({ brand: 'ks', kind: 'live', random: bytes })
    if (shannonEntropy(secret) < 3.5) expect.fail(`round ${round}: ${shannonEntropy(secret)}`)
  }
})

test('each position of 100,000 ids and random parts is spread evenly over its alphabet', () => {
  const bytes = seededBytes(8)
  const ids = new Counts(16, '0123456789abcdefghjkmnpqrstvwxyz')
  const randoms = new Counts(43, BASE62)
  for (let round = 0; round < 100_000; round++) {
    const { id, secret } = generateKey({ brand: 'ks', kind: 'live', random: bytes })
    ids.add(id)
    randoms.add(secret.slice(-49, -6))
  }
  // Five standard deviations. The first position of the random part is not even: 2^256 cuts it short.
  expect(Math.max(...ids.chiSquares())).toBeLessThan(31 + 5 * Math.sqrt(2 * 31))
  expect(Math.max(...randoms.chiSquares().slice(1))).toBeLessThan(61 + 5 * Math.sqrt(2 * 61))
})

class Counts {
  readonly #counts: number[][]
  readonly #values: ReadonlyMap<string, number>
  #total = 0

  constructor(width: number, alphabet: string) {
    this.#counts = Array.from({ length: width }, () => Array(alphabet.length).fill(0))
    this.#values = new Map([...alphabet].map((letter, value) => [letter, value]))
  }

  add(text: string): void {
    this.#total += 1
    for (const [at, counts] of this.#counts.entries()) {
      const value = this.#values.get(text.charAt(at)) ?? expect.fail('outside the alphabet')
      counts[value] = (counts[value] ?? 0) + 1
    }
  }

  chiSquares(): number[] {
    return this.#counts.map((counts) => {
      const expected = this.#total / counts.length
      return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    })
  }
}

function shannonEntropy(text: string): number {
  const counts = Map.groupBy([...text], (letter) => letter)
  return [...counts.values()].reduce((bits, { length }) => {
    const share = length / text.length
    return bits - share * Math.log2(share)
  }, 0)
}
