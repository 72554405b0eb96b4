import { hash, timingSafeEqual } from 'node:crypto'
import type { StoredSecret } from './key.ts'
import type { Peppers } from './pepper.ts'

/** SHA-256 of the whole secret, lower-case hex: the only form in which it goes on from here. */
export function secretSha256(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/** The stored form: HMAC-SHA-256(pepper, SHA-256(whole secret)). */
export function digestSecret(
  peppers: Peppers,
  sha256Hex: string,
): {
  digest: Uint8Array
  pepperId: string
} {
  const pepperId = peppers.primaryId
  return { pepperId, digest: peppers.hmac(pepperId, Buffer.from(sha256Hex, 'hex')) }
}

const DUMMY_DIGEST = Buffer.alloc(32)

/**
 * The stored secret that was presented, or null. Every stored digest is compared, in constant time; an
 * absent key costs the same comparison against a dummy (R40).
 */
export function matchSecret<Stored extends Pick<StoredSecret, 'digest' | 'pepperId'>>(
  peppers: Peppers,
  stored: readonly Stored[],
  sha256Hex: string,
): Stored | null {
  const sha256 = Buffer.from(sha256Hex, 'hex')
  if (stored.length === 0) {
    timingSafeEqual(peppers.hmac(peppers.primaryId, sha256), DUMMY_DIGEST)
    return null
  }
  let match: Stored | null = null
  for (const candidate of stored) {
    const digest = peppers.hmac(candidate.pepperId, sha256)
    if (timingSafeEqual(digest, candidate.digest)) match = candidate
  }
  return match
}
