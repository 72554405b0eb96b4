import { BASE62, encode } from './alphabet.ts'
import { checksumOf } from './checksum.ts'

/**
 * What a secret is for: `live` and `test` are issued keys, `root` is a management token, `boot` the
 * one-time setup link of the first admin. The parser accepts every kind the grammar allows.
 */
export type KeyKind = 'live' | 'test' | 'root' | 'boot' | (string & {})

/** Why an input is not a secret; the first step that fails names the reason. */
export type ParseFailure =
  | 'empty'
  | 'too_long'
  | 'shape'
  | 'unsupported_version'
  | 'not_canonical'
  | 'checksum'

/** The public part of a secret, or the reason why the input is none. */
export type ParsedKey =
  | { ok: true; brand: string; kind: KeyKind; version: 1; id: string; public: string }
  | { ok: false; reason: ParseFailure }

const RESERVED_BRAND = 'example'
const BRAND = '[a-z][a-z0-9]{1,11}'
const KIND = '[a-z][a-z0-9]{1,7}'
const ID = '[0-9a-hjkmnp-tv-z]{16}'
const RANDOM_AND_CHECKSUM = '[0-9A-Za-z]{49}'
export const KINDS: readonly KeyKind[] = ['live', 'test', 'root', 'boot']

const LENGTH_MAX = 128
const RANDOM_MAX = encode(2n ** 256n - 1n, BASE62, 43)
const CHECKSUM_MAX = encode(2n ** 32n - 1n, BASE62, 6)

// Of a later version, only the prefix is known: the groups after the kind are then empty.
export const SECRET = new RegExp(
  `^(${BRAND})_(${KIND})_(?:1(${ID})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})|[2-9][0-9A-Za-z_]+)$`,
)

// Literals, so that a bundle leaves out what it does not use.
const WHOLE_BRAND = /^[a-z][a-z0-9]{1,11}$/
const WHOLE_KIND = /^[a-z][a-z0-9]{1,7}$/

/**
 * Finds the secrets of any installation: every brand, the four kinds. Unanchored, without flags and
 * without look-around, valid in RE2, Hyperscan, PCRE and JavaScript. It does not check the checksum.
 */
export const KEY_PATTERN: string = /* @__PURE__ */ secretPattern(BRAND, KINDS)

/**
 * Reads a secret. Never throws, and never returns the random part: verify the whole input instead.
 *
 * The input is not trimmed, and upper and lower case differ. The kind may be any that the grammar
 * allows, and the brand may be the reserved `example`. A well-formed secret is not a valid one.
 */
export function parseKey(input: unknown): ParsedKey {
  if (typeof input !== 'string' || !input) return refuse('empty')
  if (input.length > LENGTH_MAX) return refuse('too_long')
  const [, brand, kind, id, random, checksum] = SECRET.exec(input) ?? []
  if (!brand || !kind) return refuse('shape')
  if (!id || !random || !checksum) return refuse('unsupported_version')
  if (random > RANDOM_MAX || checksum > CHECKSUM_MAX) return refuse('not_canonical')
  if (checksumOf(input.slice(0, -6)) !== checksum) return refuse('checksum')
  return { ok: true, brand, kind, version: 1, id, public: `${brand}_${kind}_1${id}` }
}

/**
 * Whether the input is a secret, of the expected brand and of one of the expected kinds when given.
 * Expecting the reserved brand `example` is always false: no installation issues it.
 */
export function isKey(
  input: unknown,
  { brand, kinds }: { brand?: string; kinds?: readonly KeyKind[] } = {},
): input is string {
  const key = parseKey(input)
  return (
    key.ok &&
    brand !== RESERVED_BRAND &&
    (brand ?? key.brand) === key.brand &&
    (kinds ?? [key.kind]).includes(key.kind)
  )
}

/**
 * Whether the input can be the brand of a project: 2 to 12 lower-case letters and digits, a letter
 * first, and not `example`, which is reserved for documentation.
 */
export function isBrand(input: unknown): input is string {
  return typeof input === 'string' && input !== RESERVED_BRAND && WHOLE_BRAND.test(input)
}

/**
 * Writes a secret from its parts; the same parts give the same secret. For new secrets use
 * `generateKey`: this is for test vectors, and for examples with the reserved brand `example`.
 *
 * `id` is 10 bytes, `random` is 32 bytes.
 *
 * @throws RangeError when a part is outside the grammar. The message never contains a part.
 */
export function formatKey(parts: {
  brand: string
  kind: KeyKind
  id: Uint8Array
  random: Uint8Array
}): string {
  return joinKey(parts.brand, parts.kind, encodeId(parts.id), parts.random)
}

/**
 * Finds the secrets of one brand, by default of the four kinds. Unanchored, in the same dialect as
 * `KEY_PATTERN`.
 *
 * @throws RangeError when the brand is not a project's brand, a kind is outside the grammar, or
 * there is no kind.
 */
export function keyPattern(brand: string, kinds: readonly KeyKind[] = KINDS): string {
  check(isBrand(brand) && kinds.length > 0 && kinds.every((kind) => WHOLE_KIND.test(kind)))
  return secretPattern(brand, kinds)
}

export function joinKey(brand: string, kind: KeyKind, id: string, random: Uint8Array): string {
  const covered = `${brand}_${kind}_1${id}_${encode(toInteger(random, 32), BASE62, 43)}`
  const secret = covered + checksumOf(covered)
  check(isKey(secret))
  return secret
}

export function encodeId(bytes: Uint8Array): string {
  // Crockford's base32 in small letters. Made here, so that a bundle leaves out what it does not use.
  return encode(toInteger(bytes, 10), BASE62.replace(/[A-Zilou]/g, ''), 16)
}

export function check(condition: boolean): void {
  if (!condition) throw new RangeError('Outside the key format')
}

function toInteger(bytes: Uint8Array, length: number): bigint {
  check(bytes.length === length)
  return bytes.reduce((integer, byte) => (integer << 8n) | BigInt(byte), 0n)
}

function refuse(reason: ParseFailure): ParsedKey {
  return { ok: false, reason }
}

function secretPattern(brand: string, kinds: readonly KeyKind[]): string {
  return `${brand}_(?:${kinds.join('|')})_1${ID}_${RANDOM_AND_CHECKSUM}`
}
