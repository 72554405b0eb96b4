import Database from 'better-sqlite3'
import { EXIT, StartRefused } from '../../exit.ts'
import { sqliteCode } from './open-database.ts'

export interface ProcessLock {
  release(): void
}

/**
 * Takes the data folder for this process. The lock is an exclusive SQLite transaction on a file of its
 * own: an advisory lock of the operating system, which ends with the process however it ends, so that
 * there is nothing stale to clean up.
 */
export function takeProcessLock(path: string): ProcessLock {
  let db: Database.Database | undefined
  try {
    db = new Database(path, { timeout: 0 })
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    // On a file that cannot be written SQLite makes that a read transaction, which excludes nobody.
    db.pragma('user_version = 1')
  } catch (error) {
    db?.close()
    if (sqliteCode(error).startsWith('SQLITE_BUSY')) {
      throw new StartRefused(
        EXIT.storage,
        `Another keysmith process uses this data folder (${path} is locked). Stop it, or set KEYSMITH_DATA_DIR to another folder.`,
      )
    }
    throw new StartRefused(
      EXIT.storage,
      `${path} cannot be locked. Give this user write access to the folder, or set KEYSMITH_DATA_DIR.`,
      { cause: error },
    )
  }
  const lock = db
  return { release: () => lock.close() }
}
