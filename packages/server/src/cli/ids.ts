import { parseKey } from '@keysmith/key-format'
import { InvalidArgumentError } from 'commander'

/** Reads the id of a key or token. */
export function readId(text: string): string {
  refuseSecret(text)
  if (/^[0-9a-z]{16}$/.test(text)) return text
  throw new InvalidArgumentError('An id has 16 small letters and digits.')
}

/** Reads the id or name of a project. */
export function readProject(text: string): string {
  refuseSecret(text)
  if (/^[0-9a-z][0-9a-z._-]*$/.test(text)) return text
  throw new InvalidArgumentError('Give the id or the name of a project.')
}

/** A secret in the place of an id is a mistake that must not be sent: it would stand in a URL. */
function refuseSecret(text: string): void {
  if (parseKey(text).ok) throw new InvalidArgumentError('Give the id, not the secret.')
}
