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
  return wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)))
}

interface Entry {
  text: string
  pattern: string
}

/** Of two patterns one covers the other, or no text fits both: so what is left are the narrower ones. */
function intersect(lists: readonly List[], toPattern: (entry: string) => string): string[] | null {
  const [first, ...rest] = lists
    .filter((list) => list !== null)
    .map((list) => list.map((text): Entry => ({ text, pattern: toPattern(text) })))
  if (!first) return null
  const allowed = rest.reduce((both, list) => [...within(both, list), ...within(list, both)], first)
  return [...new Set(allowed.map(({ text }) => text))]
}

function within(narrow: readonly Entry[], wide: readonly Entry[]): Entry[] {
  return narrow.filter(({ pattern }) => wide.some((each) => coversModel(each.pattern, pattern)))
}
