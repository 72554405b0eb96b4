import type { ImportKey } from '@keysmith/client'
import { type KeyDraft, LineRefused, type Row, readText } from './record.ts'
import { readSha256 } from './sha256-text.ts'

/** A line in the form of the API; the service checks its other fields. */
export function fromOwnLine(row: Row): KeyDraft {
  const secretSha256 = readSha256(readText(row, 'secretSha256') ?? '')
  if (secretSha256 === null) throw new LineRefused('secretSha256 is not a SHA-256')
  const start = readText(row, 'start')
  // The service has the schema, and says of each field what is wrong.
  const key = row as unknown as ImportKey
  const name = readText(row, 'name')
  return { key: { ...key, name, secretSha256, ...(start !== null && { start }) } }
}

/** A SHA-256 and nothing else. */
export function fromHash(text: string): KeyDraft {
  const secretSha256 = readSha256(text)
  if (secretSha256 !== null) return { key: { name: null, secretSha256 } }
  throw new LineRefused('it is not a SHA-256 in hex, base64 or base64url')
}
