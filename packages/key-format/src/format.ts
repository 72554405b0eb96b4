import { BASE32, BASE62, encodeBytes } from './alphabet.ts'
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
const RANDOM_MAX = 'yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1'
const CHECKSUM_MAX = '4gfFC3'

const VERSION_1 = new RegExp(`^${BRAND}_${KIND}_1${ID}_${RANDOM_AND_CHECKSUM}$`)
const OTHER_VERSION = new RegExp(`^${BRAND}_${KIND}_[2-9][0-9A-Za-z_]+$`)
const WHOLE_BRAND = new RegExp(`^${BRAND}$`)
const WHOLE_KIND = new RegExp(`^${KIND}$`)
const WHOLE_ID = new RegExp(`^${ID}$`)

/**
 * Finds the secrets of any installation: every brand, the four kinds. Unanchored, without flags and
 * without look-around, valid in RE2, Hyperscan, PCRE and JavaScript. It does not check the checksum.
 */
export const KEY_PATTERN: string = secretPattern(BRAND, KINDS)

/**
 * Reads a secret. Never throws, and never returns the random part: verify the whole input instead.
 *
 * The input is not trimmed, and upper and lower case differ. The kind may be any that the grammar
 * allows, and the brand may be the reserved `example`. A well-formed secret is not a valid one.
 */
export function parseKey(input: unknown): ParsedKey {
  if (typeof input !== 'string' || input === '') return { ok: false, reason: 'empty' }
  if (input.length > LENGTH_MAX) return { ok: false, reason: 'too_long' }
  if (OTHER_VERSION.test(input)) return { ok: false, reason: 'unsupported_version' }
  if (!hasKeyShape(input)) return { ok: false, reason: 'shape' }

  // Brand and kind vary in length, so the fields are counted from the end:
  // <brand>_<kind>_1<id, 16>_<random, 43><checksum, 6>
  const checksum = input.slice(-6)
  if (input.slice(-49, -6) > RANDOM_MAX || checksum > CHECKSUM_MAX) {
    return { ok: false, reason: 'not_canonical' }
  }
  if (checksumOf(input.slice(0, -6)) !== checksum) return { ok: false, reason: 'checksum' }

  const brand = input.slice(0, input.indexOf('_'))
  return {
    ok: true,
    brand,
    kind: input.slice(brand.length + 1, -68),
    version: 1,
    id: input.slice(-66, -50),
    public: publicPart(input),
  }
}

/**
 * Whether the input is a secret, of the expected brand and of one of the expected kinds when given.
 * Expecting the reserved brand `example` is always false: no installation issues it.
 */
export function isKey(
  input: unknown,
  expect: { brand?: string; kinds?: readonly KeyKind[] } = {},
): input is string {
  const parsed = parseKey(input)
  if (!parsed.ok) return false
  if (expect.kinds && !expect.kinds.includes(parsed.kind)) return false
  return expect.brand === undefined || (expect.brand === parsed.brand && isBrand(parsed.brand))
}

/**
 * Whether the input can be the brand of a project: 2 to 12 lower-case letters and digits, a letter
 * first, and not `example`, which is reserved for documentation.
 */
export function isBrand(input: unknown): input is string {
  return matches(WHOLE_BRAND, input) && input !== RESERVED_BRAND
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
  return joinKey({ ...parts, id: encodeId(parts.id) })
}

/**
 * Finds the secrets of one brand, by default of the four kinds. Unanchored, in the same dialect as
 * `KEY_PATTERN`.
 *
 * @throws RangeError when the brand is not a project's brand, a kind is outside the grammar, or
 * there is no kind.
 */
export function keyPattern(brand: string, kinds: readonly KeyKind[] = KINDS): string {
  check(isBrand(brand), 'brand')
  check(kinds.length > 0 && kinds.every((kind) => matches(WHOLE_KIND, kind)), 'kinds')
  return secretPattern(brand, kinds)
}

export function joinKey(parts: {
  brand: string
  kind: KeyKind
  id: string
  random: Uint8Array
}): string {
  check(matches(WHOLE_BRAND, parts.brand), 'brand')
  check(matches(WHOLE_KIND, parts.kind), 'kind')
  check(matches(WHOLE_ID, parts.id), 'id')
  check(parts.random.length === 32, 'random')
  const covered = `${parts.brand}_${parts.kind}_1${parts.id}_${encodeBytes(parts.random, BASE62, 43)}`
  return covered + checksumOf(covered)
}

export function encodeId(bytes: Uint8Array): string {
  check(bytes.length === 10, 'id')
  return encodeBytes(bytes, BASE32, 16)
}

/** The checksum, and whether the integers are in range, is not looked at. */
export function hasKeyShape(input: string): boolean {
  return VERSION_1.test(input)
}

/** Of a text that has the shape of a secret. */
export function publicPart(secret: string): string {
  return secret.slice(0, -50)
}

export function check(condition: boolean, part: string): void {
  if (!condition) throw new RangeError(`Not a valid ${part}`)
}

function matches(pattern: RegExp, input: unknown): input is string {
  return typeof input === 'string' && pattern.test(input)
}

function secretPattern(brand: string, kinds: readonly KeyKind[]): string {
  return `${brand}_(?:${kinds.join('|')})_1${ID}_${RANDOM_AND_CHECKSUM}`
}
