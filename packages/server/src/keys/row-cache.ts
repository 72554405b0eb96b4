import { LRUCache } from 'lru-cache'
import type { Principal } from '../access/principal.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { EffectiveQuota } from '../limits/effective-limits.ts'
import type { KeyRate } from '../limits/limiter.ts'
import type { Scope, VerifyingProject } from '../store/key-store.ts'

/** A row is asked for again when it was last read this long ago, whatever happened to messages (R18). */
export const MAX_ROW_AGE_MS = 1000
const DEFAULT_CACHE_ROWS = 50_000

/**
 * A key as a verification needs it, with the secret that was presented, its policies and the bounds of its
 * project. Data, never a verdict (R22). 50,000 are held, so it is one flat object, and what no verification
 * looks at is left out.
 */
export interface CachedKey {
  kind: 'key'
  id: string
  projectId: string
  revision: number
  /** The key and its project. */
  isEnabled: boolean
  /** Epoch ms, like all times here; null = never. */
  revokedAt: number | null
  notBefore: number | null
  /** The end of the key or of the secret, whichever comes first. */
  endsAt: number | null
  secretVersion: number
  permissions: readonly string[]
  allowedModels: readonly string[] | null
  /** Is the address on the key's list? null when the key has none. */
  allowsAddress: ((ip: string) => boolean) | null
  rates: readonly KeyRate[]
  quotas: readonly EffectiveQuota[]
  project: VerifyingProject
  policies: readonly { id: string; revision: number }[]
  /** What a verdict says of the key, as JSON. */
  facts: string
  /** `performance.now()` of the read. */
  readAt: number
  /** Epoch ms of the use that was noted last; 0 = none. */
  usedAt: number
}

export interface CachedToken {
  kind: 'token'
  id: string
  principal: Principal
  /** Epoch ms; null = not revoked. */
  revokedAt: number | null
  secretVersion: number
  readAt: number
  usedAt: number
}

export type CachedRow = CachedKey | CachedToken

/**
 * Rows by the SHA-256 of the secret that was presented and accepted. Bounded; a change drops the rows
 * of its target before the change is answered, and age drops the rest.
 */
export class RowCache {
  readonly #rows: LRUCache<string, CachedRow>
  /** Mostly one of a key: a list or a set of each would take more than the digest. */
  readonly #shasById = new Map<string, string | readonly string[]>()
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

  /** The row of a key that the scope may see: another one is as good as absent. */
  getKey(sha256: string, scope: Scope): CachedKey | undefined {
    const row = this.get(sha256)
    if (row?.kind !== 'key') return undefined
    return scope === null || scope === row.projectId ? row : undefined
  }

  add(sha256: string, row: CachedRow, readEpoch: number): void {
    if (readEpoch !== this.#epoch) return
    this.#rows.set(sha256, row)
    const others = this.#shasOf(row.id).filter((other) => other !== sha256)
    this.#shasById.set(row.id, others.length > 0 ? [...others, sha256] : sha256)
  }

  /** Drops what a change of this key, token or project makes stale. */
  drop(target: AuditEntry['target']): void {
    this.#epoch += 1
    if (target.kind === 'project' || target.kind === 'policy') {
      this.#rows.clear()
      return
    }
    for (const sha256 of this.#shasOf(target.id)) this.#rows.delete(sha256)
  }

  #forget(id: string, sha256: string): void {
    const others = this.#shasOf(id).filter((other) => other !== sha256)
    if (others.length > 0) this.#shasById.set(id, others)
    else this.#shasById.delete(id)
  }

  #shasOf(id: string): readonly string[] {
    const shas = this.#shasById.get(id) ?? []
    return typeof shas === 'string' ? [shas] : shas
  }
}
