import { parseKey } from './format.ts'

/**
 * Why a sealed text is refused; the first step that fails names the reason.
 *
 * - `too_large`: more than 64 KiB.
 * - `shape`: not exactly what `encodeSealed` writes.
 * - `newer_format`: made by a newer Keysmith.
 * - `key_id`: sealed for another key.
 * - `secret_version`: an older or newer secret of the key.
 * - `secret`: the secret does not parse, or belongs to another key.
 */
export type SealedFailure =
  | 'too_large'
  | 'shape'
  | 'newer_format'
  | 'key_id'
  | 'secret_version'
  | 'secret'

/** The secret of a sealed text, or the reason why it was refused. */
export type OpenedSeal = { ok: true; secret: string } | { ok: false; reason: SealedFailure }

interface Envelope {
  keyId: string
  secretVersion: number
  secret: string
}

const FORMAT = 'keysmith-sealed/1'
const NEWER_FORMAT = /^keysmith-sealed\/(?:[2-9]|[1-9][0-9]{1,8})$/
const LENGTH_MAX = 65_536

/**
 * Writes the text that is encrypted to deliver a secret later. Encryption with age has no associated
 * data, so the id of the key and the version of its secret are bound inside. This function does not
 * encrypt: the result is as readable as the secret.
 *
 * `secretVersion` is the time the secret was made, in epoch milliseconds.
 *
 * @throws RangeError when the secret is not one of this key or the version is not an integer from 0
 * to 2^53 - 1. The message never contains the secret.
 */
export function encodeSealed(envelope: Envelope): string {
  if (!isSecretVersion(envelope.secretVersion)) throw new RangeError('Not a secret version')
  if (!isSecretOf(envelope.keyId, envelope.secret)) throw new RangeError('Not a secret of the key')
  return stringify(envelope)
}

/**
 * Reads a decrypted text, and checks that it belongs to this key and to this version of its secret:
 * a text moved from another key, or an old one put back, is refused. Never throws, and a failure
 * contains nothing of the text.
 */
export function decodeSealed(
  text: string,
  expected: { keyId: string; secretVersion: number },
): OpenedSeal {
  if (text.length > LENGTH_MAX) return { ok: false, reason: 'too_large' }
  const envelope = readEnvelope(text)
  if (typeof envelope === 'string') return { ok: false, reason: envelope }
  if (envelope.keyId !== expected.keyId) return { ok: false, reason: 'key_id' }
  if (envelope.secretVersion !== expected.secretVersion) {
    return { ok: false, reason: 'secret_version' }
  }
  if (!isSecretOf(envelope.keyId, envelope.secret)) return { ok: false, reason: 'secret' }
  return { ok: true, secret: envelope.secret }
}

function readEnvelope(text: string): Envelope | 'shape' | 'newer_format' {
  const value = readJson(text)
  if (typeof value !== 'object' || value === null) return 'shape'
  if (!('format' in value) || typeof value.format !== 'string') return 'shape'
  if (NEWER_FORMAT.test(value.format)) return 'newer_format'
  if (!('key_id' in value) || typeof value.key_id !== 'string') return 'shape'
  if (!('secret_version' in value) || !isSecretVersion(value.secret_version)) return 'shape'
  if (!('secret' in value) || typeof value.secret !== 'string') return 'shape'
  const envelope = {
    keyId: value.key_id,
    secretVersion: value.secret_version,
    secret: value.secret,
  }
  // One text per envelope: refuses white space, another order, repeated and unknown members.
  return stringify(envelope) === text ? envelope : 'shape'
}

function stringify({ keyId, secretVersion, secret }: Envelope): string {
  return JSON.stringify({ format: FORMAT, key_id: keyId, secret_version: secretVersion, secret })
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSecretVersion(input: unknown): input is number {
  return typeof input === 'number' && Number.isSafeInteger(input) && input >= 0
}

function isSecretOf(keyId: string, secret: string): boolean {
  const parsed = parseKey(secret)
  return parsed.ok && parsed.id === keyId
}
