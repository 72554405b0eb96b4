import type { ImportKey } from '@keysmith/client'
import { fromBetterAuth } from './better-auth.ts'
import { fromLitellm } from './litellm.ts'
import { fromHash, fromOwnLine } from './own-lines.ts'
import { type KeyDraft, LineRefused, type Row } from './record.ts'
import { fromUnkey } from './unkey.ts'

const READERS = {
  unkey: fromUnkey,
  'better-auth': fromBetterAuth,
  litellm: fromLitellm,
} as const satisfies Record<string, (row: Row) => KeyDraft>

export const SOURCES = [...Object.keys(READERS), 'plain'] as const
export type Source = keyof typeof READERS | 'plain'

/** A line that can be sent, or why it cannot. */
export type Converted = { line: number } & (
  | { body: ImportKey; dropped: readonly string[]; isWeak: boolean }
  | { refused: string }
)

/** What the service shows at most of the start of a string. */
const START_MAX = 12

/** Makes a key of what another system says. `defaults` is for what a line does not say. */
export function convert(
  line: number,
  read: () => KeyDraft,
  defaults: Partial<ImportKey>,
): Converted {
  try {
    const { key, dropped = [], isWeak = false } = read()
    const { name, start, ...fields } = key
    const shown = start === undefined ? {} : { start: [...start].slice(0, START_MAX).join('') }
    const named = { name: name ?? nameOf(shown.start, line) }
    return { line, body: { ...defaults, ...fields, ...named, ...shown }, dropped, isWeak }
  } catch (error) {
    if (error instanceof LineRefused) return { line, refused: error.message }
    throw error
  }
}

/** Reads one entry of the input by the columns it has, or as `source` says. */
export function readEntry(value: unknown, source: Source | undefined): KeyDraft {
  if (typeof value === 'string' && (source === undefined || source === 'plain')) {
    return fromHash(value)
  }
  if (typeof value !== 'object' || value === null || source === 'plain') {
    throw new LineRefused(source === 'plain' ? 'it is not a hash alone' : 'it is no JSON object')
  }
  const row = value as Row
  const reader = source === undefined ? readerFor(row) : READERS[source]
  return reader(row)
}

/** Each system has a column of its own for the hash. */
function readerFor(row: Row): (row: Row) => KeyDraft {
  if ('secretSha256' in row) return fromOwnLine
  if ('hash' in row) return fromUnkey
  if ('token' in row) return fromLitellm
  if ('key' in row) return fromBetterAuth
  throw new LineRefused('it has none of the columns secretSha256, hash, key and token')
}

/** Never part of the hash: whoever reads it could try guesses. */
function nameOf(start: string | undefined, line: number): string {
  return start === undefined ? `imported-${line}` : `imported-${line} (${start}...)`
}
