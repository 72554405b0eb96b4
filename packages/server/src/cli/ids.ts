import { parseKey } from '@keysmith/key-format'
import { InvalidArgumentError } from 'commander'

/** Reads the id of a key or token. A secret in its place is a mistake that must not be sent. */
export function readId(text: string): string {
  if (/^[0-9a-z]{16}$/.test(text)) return text
  throw new InvalidArgumentError(
    parseKey(text).ok ? 'Give the id, not the secret.' : 'An id has 16 small letters and digits.',
  )
}

/** Reads the id or name of a project. */
export function readProject(text: string): string {
  if (/^[0-9a-z][0-9a-z._-]*$/.test(text)) return text
  throw new InvalidArgumentError('Give the id or the name of a project.')
}
