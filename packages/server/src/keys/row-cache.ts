import { LRUCache } from 'lru-cache'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { KeyRate } from '../limits/limiter.ts'
import type { Policy } from '../policies/policy.ts'
import type { VerifyingProject } from '../store/key-store.ts'
import type { Token } from '../tokens/token.ts'
import type { EffectiveKey } from './effective.ts'
import type { Key } from './key.ts'

/** A row is asked for again when it was last read this long ago, whatever happened to messages (R18). */
export const MAX_ROW_AGE_MS = 1000
export const DEFAULT_CACHE_ROWS = 50_000

/** A key as a verification needs it, with the secret that was presented. Data, never a verdict (R22). */
export interface CachedKey {
  kind: 'key'
  id: string
  key: Key
  project: VerifyingProject
  policies: readonly Policy[]
  effective: EffectiveKey
  rates: readonly KeyRate[]
  secret: { version: number; endsAt: number | null }
  /** Is the address on the key's list? null when the key has none. */
  allowsAddress: ((ip: string) => boolean) | null
  /** `performance.now()` of the read. */
  readAt: number
}

export interface CachedToken {
  kind: 'token'
  id: string
  token: Token
  version: number
  readAt: number
}

export type CachedRow = CachedKey | CachedToken

/**
 * Rows by the SHA-256 of the secret that was presented and accepted. Bounded; a change drops the rows
 * of its target before the change is answered, and age drops the rest.
 */
export class RowCache {
  readonly #rows: LRUCache<string, CachedRow>
  readonly #shasById = new Map<string, Set<string>>()
  #epoch = 0

  constructor(maxRows: number = DEFAULT_CACHE_ROWS) {
    this.#rows = new LRUCache({
      max: maxRows,
      dispose: (row, sha256) => this.#forget(row.id, sha256),
    })
  }

  /** Rises with every drop. A row that was read before a drop must not be added after it. */
  get epoch(): number {
    return this.#epoch
  }

  get(sha256: string): CachedRow | undefined {
    const row = this.#rows.get(sha256)
    if (row === undefined || performance.now() - row.readAt < MAX_ROW_AGE_MS) return row
    return undefined
  }

  add(sha256: string, row: CachedRow, readEpoch: number): void {
    if (readEpoch !== this.#epoch) return
    this.#rows.set(sha256, row)
    const shas = this.#shasById.get(row.id)
    if (shas) shas.add(sha256)
    else this.#shasById.set(row.id, new Set([sha256]))
  }

  /** Drops what a change of this key, token or project makes stale. */
  drop(target: AuditEntry['target']): void {
    this.#epoch += 1
    if (target.kind === 'project' || target.kind === 'policy') {
      this.#rows.clear()
      return
    }
    for (const sha256 of [...(this.#shasById.get(target.id) ?? [])]) this.#rows.delete(sha256)
  }

  #forget(id: string, sha256: string): void {
    const shas = this.#shasById.get(id)
    shas?.delete(sha256)
    if (shas?.size === 0) this.#shasById.delete(id)
  }
}
