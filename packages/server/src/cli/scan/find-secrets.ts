import { KEY_PATTERN, keyPattern, maskKey, parseKey } from '@keysmith/key-format'
import { isPublished } from '@keysmith/key-format/scanners'

export interface FoundSecret {
  line: number
  /** In UTF-16 code units, from 1. */
  column: number
  masked: string
  brand: string
  kind: string
  id: string
  checksum: 'ok' | 'wrong'
  /** A published vector or of the brand `example`: no service accepts it. */
  documentation: boolean
}

/** More than any secret is long. */
const OVERLAP = 128

/** Every secret has this in its middle. Looked for first: thirty times faster than the whole pattern. */
const MIDDLE = /_1[0-9a-z]{16}_/

/** What finds the secrets of these brands; of every brand when none is named. */
export function secretPattern(brands: readonly string[]): RegExp {
  const patterns = brands.length === 0 ? [KEY_PATTERN] : brands.map((brand) => keyPattern(brand))
  return new RegExp(patterns.join('|'), 'g')
}

/** Finds secrets in a text that comes in pieces; holds one piece at a time, however long a line is. */
export async function* findSecrets(
  pieces: AsyncIterable<string>,
  pattern: RegExp,
): AsyncGenerator<FoundSecret> {
  const place = new Place()
  let text = ''
  for await (const piece of pieces) {
    text += piece
    // What starts this close to the end may go on in the next piece.
    const end = Math.max(text.length - OVERLAP, 0)
    text = text.slice(yield* findIn(text, end, pattern, place))
  }
  yield* findIn(text, text.length, pattern, place)
}

/** Gives what starts before `end`, and returns where the next search starts. */
function* findIn(text: string, end: number, pattern: RegExp, place: Place) {
  let done = 0
  const matches = MIDDLE.test(text) ? text.matchAll(pattern) : []
  for (const match of matches) {
    if (match.index >= end) break
    const start = match.index + lengthOfGluedText(match[0])
    place.advance(text.slice(done, start))
    yield describe(match[0].slice(start - match.index), place)
    done = match.index + match[0].length
    place.advance(text.slice(start, done))
  }
  const next = Math.max(done, end)
  place.advance(text.slice(done, next))
  return next
}

/** Letters in front may look like part of the brand. The checksum knows where the secret begins. */
function lengthOfGluedText(match: string): number {
  const lengths = Array.from({ length: match.indexOf('_') - 1 }, (_, length) => length)
  return lengths.find((length) => parseKey(match.slice(length)).ok) ?? 0
}

function describe(secret: string, { line, column }: Place): FoundSecret {
  const masked = maskKey(secret)
  const [brand = '', kind = '', versionAndId = ''] = masked.split('_')
  const id = versionAndId.slice(1)
  const checksum = parseKey(secret).ok ? 'ok' : 'wrong'
  const documentation = brand === 'example' || isPublished(id)
  return { line, column, masked, brand, kind, id, checksum, documentation }
}

class Place {
  line = 1
  column = 1

  advance(text: string): void {
    let lineStart = 0
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', lineStart)) {
      this.line += 1
      this.column = 1
      lineStart = at + 1
    }
    this.column += text.length - lineStart
  }
}
