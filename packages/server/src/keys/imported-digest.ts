import type { ImportedSecret } from './key.ts'
import type { Peppers } from './pepper.ts'
import { digestSecret } from './secret-digest.ts'
import { slowDigest } from './slow-digest.ts'

/** From so many attested random bits on, one keyed digest is enough; below, guessing must be slow. */
export const FAST_ENTROPY_BITS = 112

export function isFast(entropyBits: number | undefined): boolean {
  return entropyBits !== undefined && entropyBits >= FAST_ENTROPY_BITS
}

/** 16 bits by which the few candidates are found; without the pepper they say nothing of the string. */
export function importTag(peppers: Peppers, pepperId: string, sha256Hex: string): number {
  const digest = Buffer.from(sha256Hex, 'hex')
  return peppers.hmac(pepperId, Buffer.concat([Buffer.from('import'), digest])).readUInt16BE(0)
}

type Kept = Pick<ImportedSecret, 'digest' | 'pepperId' | 'argon2'>

/** Of a random string: HMAC-SHA-256(pepper, SHA-256(string)), as of a secret of ours. */
export function keepFast(peppers: Peppers, sha256Hex: string): Kept {
  return { ...digestSecret(peppers, sha256Hex), argon2: null }
}

/** Of any other string: Argon2id over that digest, so that neither is enough without the pepper. */
export async function keepSlow(peppers: Peppers, sha256Hex: string): Promise<Kept> {
  const { digest: keyed, pepperId } = digestSecret(peppers, sha256Hex)
  const { digest, kdf } = await slowDigest(keyed)
  return { digest, pepperId, argon2: { kdf, tag: importTag(peppers, pepperId, sha256Hex) } }
}
