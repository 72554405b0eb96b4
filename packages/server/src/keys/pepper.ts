import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

export type PepperState = 'primary' | 'enabled' | 'disabled'

export interface Pepper {
  id: string
  state: PepperState
  /** RFC 3339. */
  created: string
  /** 32 random bytes, base64. */
  key: string
}

/** A stored digest names a pepper that this process does not hold: an alarm, never `valid: false`. */
export class PepperMissing extends Error {
  override name = 'PepperMissing'
}

/** The keyset behind the stored digests. New digests use the primary pepper. */
export class Peppers {
  readonly primaryId: string
  /** Every pepper that may have made a stored digest, the primary one first. */
  readonly ids: readonly string[]
  readonly #keys = new Map<string, KeyObject>()

  /** The keyset has exactly one primary pepper; `readPepperFile` makes sure. */
  constructor(peppers: readonly Pepper[]) {
    const primary = peppers.find((pepper) => pepper.state === 'primary')
    if (!primary) throw new Error('the keyset has no primary pepper')
    this.primaryId = primary.id
    for (const { id, state, key } of peppers) {
      if (state !== 'disabled') this.#keys.set(id, createSecretKey(key, 'base64'))
    }
    this.ids = [...new Set([primary.id, ...this.#keys.keys()])]
  }

  hmac(pepperId: string, data: Uint8Array): Buffer {
    return createHmac('sha256', this.#key(pepperId)).update(data).digest()
  }

  /**
   * Key-check value of each pepper: proves that it is the one, and reveals nothing of it. Made with a
   * key derived by HKDF, so that it is no digest of any secret.
   */
  checks(): Map<string, string> {
    const checks = new Map<string, string>()
    for (const [id, key] of this.#keys) {
      const derived = hkdfSync('sha256', key, Buffer.alloc(0), 'keysmith/key-check/1', 32)
      checks.set(id, Buffer.from(derived).toString('hex'))
    }
    return checks
  }

  #key(pepperId: string): KeyObject {
    const key = this.#keys.get(pepperId)
    if (!key) throw new PepperMissing(`pepper ${pepperId} is not in the keyset`)
    return key
  }
}
