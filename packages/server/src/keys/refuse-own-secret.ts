import type { ImportKey } from '@keysmith/contract'
import { invalidField } from '../errors.ts'
import { secretSha256 } from './secret-digest.ts'

/**
 * Refuses a line that shows the very string it is about: it has any shape, and only its digest tells.
 * Whole texts are compared, and words of them. The digest itself is refused too: whoever reads it can
 * try guesses.
 */
export function refuseOwnSecret({ secretSha256: own, ...shown }: ImportKey): void {
  for (const [field, value] of Object.entries(shown)) {
    if (textsOf(value).some((text) => isOwn(text, own))) {
      throw invalidField(field, 'it contains the string that is imported, or its digest; remove it')
    }
  }
}

function isOwn(text: string, own: string): boolean {
  if (text.toLowerCase().includes(own)) return true
  return [text, ...text.split(/\s+/)].some((word) => secretSha256(word) === own)
}

/** Every string in a value, names of labels too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, below]) => [name, ...textsOf(below)])
}
