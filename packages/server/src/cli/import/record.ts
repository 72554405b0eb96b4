import type { ImportKey } from '@keysmith/client'

/** What a line of another system says. */
export interface KeyDraft {
  /** Every field that Keysmith can hold; the name is null when the other system has none. */
  key: Omit<ImportKey, 'name'> & { name: string | null }
  /** Limits of the other system that are not taken over. */
  dropped?: readonly string[]
  /** The string looks as if it could be guessed. */
  isWeak?: boolean
}

/** The line cannot be taken over. The message says why, and quotes nothing of it. */
export class LineRefused extends Error {
  override name = 'LineRefused'
}

export type Row = Readonly<Record<string, unknown>>

/** The first of these columns that says something: systems renamed them over time. */
export function pick(row: Row, ...names: string[]): unknown {
  return names.map((name) => row[name]).find((value) => value !== undefined && value !== null)
}

export function readText(row: Row, ...names: string[]): string | null {
  const value = pick(row, ...names)
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return value
  throw new LineRefused(`${names[0]} is not a text`)
}

/** What Better Auth and Unkey say alike of a key: whom it is for, and how its string begins. */
export function readFacts(row: Row, ...ownerColumns: string[]) {
  const start = readText(row, 'start')
  const owner = readText(row, ...ownerColumns)
  return {
    name: readText(row, 'name'),
    ...(start !== null && { start }),
    ...(owner !== null && { owner }),
  }
}

/** True, false, and what databases make of them. */
export function readSwitch(row: Row, name: string, whenAbsent: boolean): boolean {
  const value = row[name] ?? whenAbsent
  if ([true, 1, '1', 't', 'true'].includes(value as string)) return true
  if ([false, 0, '0', 'f', 'false'].includes(value as string)) return false
  throw new LineRefused(`${name} is neither true nor false`)
}

/** Before this many milliseconds a number counts seconds: it would be a day in 1973. */
const SECONDS_BELOW = 100_000_000_000

/** A time in RFC 3339: from a text, from milliseconds or seconds; null when there is none. */
export function readTime(row: Row, ...names: string[]): string | null {
  const value = pick(row, ...names)
  if (value === undefined || value === '') return null
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  const time = new Date(typeof number === 'number' ? toMs(number) : toRfc3339(number))
  if (Number.isNaN(time.getTime())) throw new LineRefused(`${names[0]} is not a time`)
  return time.toISOString()
}

function toMs(count: number): number {
  return count < SECONDS_BELOW ? count * 1000 : count
}

/** Databases write a space before the time, half a zone, or none where UTC is meant. */
function toRfc3339(value: unknown): string {
  const text = String(value).trim().replace(' ', 'T')
  if (!text.includes('T')) return text
  return /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text) ? text.replace(/([+-]\d\d)$/, '$1:00') : `${text}Z`
}

/** An object that may stand as JSON in a text, also as JSON in JSON; null when there is none. */
export function readObject(row: Row, name: string): Row | null {
  let value = pick(row, name)
  for (let depth = 0; typeof value === 'string' && value !== '' && depth < 2; depth++) {
    value = parse(value)
  }
  if (value === undefined || value === '' || value === null) return null
  if (typeof value === 'object' && !Array.isArray(value)) return value as Row
  throw new LineRefused(`${name} is not an object`)
}

/** A list that may stand as JSON in a text; null when there is none. */
export function readList(row: Row, name: string): unknown[] | null {
  const given = pick(row, name)
  const value = typeof given === 'string' && given !== '' ? parse(given) : given
  if (value === undefined || value === '' || value === null) return null
  if (Array.isArray(value)) return value
  throw new LineRefused(`${name} is not a list`)
}

export function readTexts(row: Row, name: string): string[] | null {
  const list = readList(row, name)
  if (list === null || list.every((item) => typeof item === 'string')) return list
  throw new LineRefused(`${name} is not a list of texts`)
}

/** Metadata as labels: what is no text is written as JSON, what says nothing is left out. */
export function readLabels(row: Row, name: string): { metadata?: Record<string, string> } {
  const labels = Object.entries(readObject(row, name) ?? {})
    .filter(([, value]) => value !== null && value !== '')
    .map(([label, value]) => [label, typeof value === 'string' ? value : JSON.stringify(value)])
  return labels.length === 0 ? {} : { metadata: Object.fromEntries(labels) }
}

/** What a column without a limit holds, as JSON or as a database writes it. Zero is a limit, the lowest. */
const NO_LIMIT = new Set(['', 'false', 'f', '[]', '{}', 'null'])

/** The limits among these columns that are in use. */
export function limitsOf(row: Row, ...names: string[]): string[] {
  return names.filter((name) => {
    const value = row[name] ?? ''
    return !NO_LIMIT.has(typeof value === 'string' ? value : JSON.stringify(value))
  })
}

/** Is nothing left of a budget, as far as the columns say? Such a key works nowhere, so it is taken over disabled. */
export function isUsedUp(row: Row, budget: string, spent?: string): boolean {
  const limit = row[budget] ?? ''
  const used = spent === undefined ? 0 : Number(row[spent] ?? 0)
  return limit !== '' && Number(limit) <= used
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LineRefused('a field that should hold JSON does not')
  }
}
