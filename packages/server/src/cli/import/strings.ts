import { createHash } from 'node:crypto'
import { type KeyDraft, LineRefused } from './record.ts'

const LENGTH_MIN = 20
/** As much as a verification looks at. */
const BYTES_MAX = 1024
/** From here on nobody guesses a string. */
export const GUESSABLE_BELOW_BITS = 112

/** A plain string, hashed here so that it never travels. */
export function fromString(text: string, attestedBits: number): KeyDraft {
  requirePresentable(text)
  const bits = estimateBits(text)
  if (attestedBits >= GUESSABLE_BELOW_BITS && bits < GUESSABLE_BELOW_BITS) {
    throw new LineRefused(`it has ${bits} random bits at most; import it without --entropy-bits`)
  }
  const secretSha256 = createHash('sha256').update(text).digest('hex')
  return { key: { name: null, secretSha256 }, isWeak: bits < GUESSABLE_BELOW_BITS }
}

/** What is not taken over as it was could never be verified, and nobody would know why. */
function requirePresentable(text: string): void {
  const length = [...text].length
  if (length < LENGTH_MIN) {
    throw new LineRefused(`it has ${length} characters, not ${LENGTH_MIN} or more`)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > BYTES_MAX) throw new LineRefused(`it has ${bytes} bytes, not ${BYTES_MAX} or fewer`)
  if (text.includes(NOT_UTF8)) throw new LineRefused('it is not UTF-8')
  if (text !== text.trim()) throw new LineRefused('it begins or ends with a space')
}

/** Stands for each byte that cannot be read, so that different strings would have one hash. */
const NOT_UTF8 = '\ufffd'

const CLASSES: readonly [RegExp, number][] = [
  [/[0-9]/, 10],
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[^0-9A-Za-z]/, 33],
]
const FEW_CHARACTERS = 10

/**
 * How many random bits a string can have at most: its length, times the bits of a character out of the
 * kinds that occur in it (16 for hex, else 10 digits, 26 small and 26 capital letters, 33 others; or the
 * number of different characters when these are few). It takes words for random: a low number is a
 * finding, a high one proves nothing.
 */
export function estimateBits(text: string): number {
  const distinct = new Set(text).size
  const kinds = CLASSES.reduce((sum, [pattern, size]) => sum + (pattern.test(text) ? size : 0), 0)
  const isHex = /^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text)
  const alphabet = isHex ? Math.min(16, kinds) : kinds
  const size = distinct < FEW_CHARACTERS ? Math.min(distinct, alphabet) : alphabet
  return Math.floor([...text].length * Math.log2(size))
}
