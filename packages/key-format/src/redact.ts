import { SECRET } from './format.ts'

// What follows an id, whatever stands before it. The id is looked back at and not consumed, so that
// glued text which itself looks like an id, or a second secret, cannot hide this one.
const RANDOM_PART = /(?<=_[0-9][a-z0-9]{16}_)[a-z0-9]{8,}/gi

/**
 * What may be shown of a secret: its public part and nothing of the random part, as
 * `ks_live_1000g40r40m30e209_****`. The checksum is not looked at. Anything else gives `****`.
 */
export function maskKey(secret: string): string {
  return SECRET.exec(secret)?.[3] ? redactKeys(secret) : '****'
}

/**
 * Hides the random part of everything in the text that looks like a secret, also with typing errors,
 * cut short, in capitals or of another version. For logs, error messages and audit details, as the
 * second net: the first is that no code hands a secret to them.
 *
 * A secret whose id is cut off, or has a character more or less, cannot be recognised. What is hidden
 * ends at the first character that is neither a letter nor a digit.
 */
export function redactKeys(text: string): string {
  return text.replace(RANDOM_PART, '****')
}
