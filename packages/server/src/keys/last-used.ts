import type { KeyStore, SecretUse } from '../store/key-store.ts'
import type { CachedRow } from './row-cache.ts'

/** Times of last use, collected in memory and written by `WriteBehind`: never on the answer path. */
export class LastUsed {
  readonly #store: Pick<KeyStore, 'recordUses'>
  readonly #onError: (error: unknown) => void
  #uses = new Map<string, SecretUse>()

  constructor(store: Pick<KeyStore, 'recordUses'>, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
  }

  /** A row that is used many times within a millisecond is noted once. */
  note(row: CachedRow, usedAt: number): void {
    if (row.usedAt === usedAt) return
    row.usedAt = usedAt
    this.#add(row.kind, row.id, row.secretVersion, usedAt)
  }

  #add(kind: SecretUse['kind'], id: string, version: number, usedAt: number): void {
    const use = this.#uses.get(id)
    if (use && use.version === version) use.usedAt = usedAt
    else this.#uses.set(use ? `${id}/${version}` : id, { kind, id, version, usedAt })
  }

  /** Writes what was noted. What cannot be written is dropped: it is approximate by design. */
  async flush(): Promise<void> {
    if (this.#uses.size === 0) return
    const uses = [...this.#uses.values()]
    this.#uses = new Map()
    try {
      await this.#store.recordUses(uses)
    } catch (error) {
      this.#onError(error)
    }
  }
}
