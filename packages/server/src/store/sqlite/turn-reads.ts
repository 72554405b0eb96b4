import type Database from 'better-sqlite3'
import { StorageUnavailable } from '../key-store.ts'

interface WaitingRead {
  run: () => void
  fail: (error: unknown) => void
}

/**
 * Point lookups of one turn of the event loop, in one read transaction: by itself each of them takes and
 * gives back the lock of a snapshot, which costs more than the lookup.
 */
export class TurnReads {
  readonly #db: Database.Database
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  #waiting: WaitingRead[] = []

  constructor(db: Database.Database) {
    this.#db = db
    this.#begin = db.prepare('BEGIN')
    this.#commit = db.prepare('COMMIT')
  }

  /** Runs at the end of this turn, so it sees whatever was committed before the call. */
  read<T>(lookUp: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#readAll())
      this.#waiting.push({
        run: () => resolve(lookUp()),
        fail: (cause) => reject(new StorageUnavailable('the database cannot be read', { cause })),
      })
    })
  }

  #readAll(): void {
    const reads = this.#waiting
    this.#waiting = []
    try {
      this.#begin.run()
      for (const { run, fail } of reads) {
        try {
          run()
        } catch (error) {
          fail(error)
        }
      }
      this.#commit.run()
    } catch (error) {
      // A promise settles once: what was answered before stays.
      for (const { fail } of reads) fail(error)
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
    }
  }
}
