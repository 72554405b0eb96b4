import { rangePrefix } from './address-list.ts'

/** A list that is set, or null: it allows everything. */
type List = readonly string[] | null

/** What each of the lists of model patterns allows; null when none is set. Entries of the lists themselves. */
export function intersectModels(lists: readonly List[]): string[] | null {
  return intersect(lists, (model) => model)
}

/** The same for normalised ranges of addresses, of which none overlap in part. */
export function intersectRanges(lists: readonly List[]): string[] | null {
  return intersect(lists, (range) => `${rangePrefix(range)}*`)
}

/** Does the one pattern allow all that the other allows? */
export function coversModel(wide: string, narrow: string): boolean {
  return compile([wide])(narrow)
}

/** Of two patterns one covers the other, or no text fits both: so what is left are the narrower ones. */
function intersect(lists: readonly List[], toPattern: (entry: string) => string): string[] | null {
  const set = lists.filter((list) => list !== null)
  // Nearly every key: nothing to compare, so no entry is read.
  if (set.length < 2) return set[0] ? [...set[0]] : null
  const patterns = new Map(set.flat().map((entry) => [entry, toPattern(entry)]))
  const covers = set.map((list) => compile(list.map((entry) => patterns.get(entry) ?? '')))
  const isAllowed = (pattern: string) => covers.every((coversPattern) => coversPattern(pattern))
  return [...patterns].filter(([, pattern]) => isAllowed(pattern)).map(([entry]) => entry)
}

/**
 * Is a pattern covered by one of the list? Nine lists of 100 entries are compared each time a row is read,
 * so no pattern is compared with every other.
 */
function compile(list: readonly string[]): (pattern: string) => boolean {
  const names = new Set(list)
  const prefixes = withoutCovered(
    list.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1)),
  )
  return (pattern) => {
    if (names.has(pattern)) return true
    const prefix = nearest(prefixes, pattern)
    return prefix !== undefined && pattern.startsWith(prefix)
  }
}

/** In order, and without those that begin with another. */
function withoutCovered(prefixes: readonly string[]): string[] {
  const kept: string[] = []
  for (const prefix of prefixes.toSorted()) {
    const last = kept.at(-1)
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix)
  }
  return kept
}

/** The last prefix that is not after the text: no other of them can be its beginning. */
function nearest(prefixes: readonly string[], text: string): string | undefined {
  let [from, to] = [0, prefixes.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((prefixes[middle] ?? '') <= text) from = middle + 1
    else to = middle
  }
  return prefixes[from - 1]
}
