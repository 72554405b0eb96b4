import type Database from 'better-sqlite3'
import type { Change } from '../key-store.ts'
import { prepareChange } from './change-writes.ts'
import { prepareKeyWrites } from './key-writes.ts'
import { preparePolicyWrites } from './policy-writes.ts'
import { prepareProjectWrites } from './project-writes.ts'
import { prepareQuotaWrites } from './quota-writes.ts'
import { prepareSecretWrites } from './secret-writes.ts'
import { prepareTokenWrites } from './token-writes.ts'
import { Undo } from './undo.ts'
import { prepareUsageWrites } from './usage-writes.ts'
import { prepareRecordUses } from './use-writes.ts'
import type { InSavepoint, Operations, WriteJob } from './write-job.ts'

/**
 * Runs one job inside a savepoint of the batch. An outcome other than `ok` leaves nothing behind; an
 * error of SQLite is thrown, with the savepoint rolled back.
 */
export function createWrites(db: Database.Database): (job: WriteJob) => unknown {
  const inSavepoint = prepareSavepoint(db)
  const operations = prepareOperations(db, inSavepoint)

  return ({ name, args }) => {
    const run = operations[name] as (...args: unknown[]) => unknown
    // A charge makes its own where it needs one: it is what the service does most.
    if (name === 'charge') return run(...args)
    try {
      return inSavepoint(() => run(...args))
    } catch (error) {
      if (error instanceof Undo) return error.outcome
      throw error
    }
  }
}

function prepareSavepoint(db: Database.Database): InSavepoint {
  const savepoint = db.prepare('SAVEPOINT job')
  const release = db.prepare('RELEASE job')
  const rollback = db.prepare('ROLLBACK TO job')
  return (run) => {
    savepoint.run()
    try {
      const result = run()
      release.run()
      return result
    } catch (error) {
      if (db.inTransaction) {
        rollback.run()
        release.run()
      }
      throw error
    }
  }
}

function prepareOperations(db: Database.Database, inSavepoint: InSavepoint): Operations {
  const record = prepareChange(db)
  /** Exactly one row was changed, and the change is on record; else nothing happened. */
  const finish = (changes: number, change: Change) => {
    if (changes !== 1) throw new Undo('conflict')
    record(change)
    return 'ok' as const
  }
  return {
    ...prepareProjectWrites(db, finish),
    ...prepareKeyWrites(db, finish),
    ...preparePolicyWrites(db, finish),
    ...prepareSecretWrites(db, finish),
    ...prepareTokenWrites(db, finish),
    ...prepareQuotaWrites(db, finish, inSavepoint),
    ...prepareUsageWrites(db),
    recordUses: prepareRecordUses(db),
  }
}
