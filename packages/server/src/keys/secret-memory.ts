import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ImportedRef } from '../store/key-store.ts'

const TTL_MS = 60_000
const MAX_ENTRIES = 10_000

/**
 * Which imported secret a string is, for a minute: spares Argon2id, decides nothing. The row is read
 * again each time, and the secret must still be in it. Held under a key of this process, so that memory
 * shows no digest that could be tested elsewhere.
 */
export class SecretMemory {
  readonly #key = createSecretKey(randomBytes(32))
  readonly #refs: LRUCache<string, ImportedRef>

  constructor(options: { maxEntries?: number; clock?: { now: () => number } } = {}) {
    const { maxEntries = MAX_ENTRIES, clock = performance } = options
    this.#refs = new LRUCache({ max: maxEntries, ttl: TTL_MS, ttlResolution: 0, perf: clock })
  }

  get(sha256: string): ImportedRef | undefined {
    return this.#refs.get(this.#name(sha256))
  }

  remember(sha256: string, ref: ImportedRef): void {
    this.#refs.set(this.#name(sha256), ref)
  }

  #name(sha256: string): string {
    return createHmac('sha256', this.#key).update(sha256).digest('base64url')
  }
}
