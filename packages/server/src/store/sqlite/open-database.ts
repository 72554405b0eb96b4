import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { EXIT, StartRefused } from '../../exit.ts'

/** "KSM1": marks a file as ours in the SQLite header. */
export const APPLICATION_ID = 0x4b534d31
/** Versions 3.7.0 to 3.51.2 can corrupt the file when two connections write and checkpoint at once. */
const OLDEST_SQLITE = [3, 51, 3]
const SYNCHRONOUS_FULL = 2
/** Page cache of each connection; the driver's own 16 MiB only double what the system caches. */
const CACHE_KIB = 4096
/**
 * Pages of the log (32 MiB) after which it is copied back, in the middle of a commit. With SQLite's 1,000 a
 * second of last uses of many keys does that seven times, often with the same pages.
 */
const CHECKPOINT_PAGES = 8192
/** Above this size the start does not check every page; `keysmith doctor` will. */
const QUICK_CHECK_MAX_PAGES = 16_384

/**
 * Makes an empty database of ours. The file appears under its name when it is complete, so that an
 * empty file of that name is always a loss and never a first start.
 */
export function createDatabase(path: string): void {
  refuseUnreadable(path, () => {
    const draft = `${path}.new`
    rmSync(draft, { force: true })
    const db = new Database(draft)
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.close()
    renameSync(draft, path)
    const folder = openSync(dirname(path), 'r')
    fsyncSync(folder)
    closeSync(folder)
  })
}

/** Opens the one writing connection and reads back what durability rests on. */
export function openWriter(path: string): Database.Database {
  return refuseUnreadable(path, () => {
    const db = new Database(path, { fileMustExist: true, timeout: 100 })
    try {
      requireSqliteVersion(db)
      requireOurs(db, path)
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = FULL')
      db.pragma('foreign_keys = ON')
      db.pragma(`cache_size = -${CACHE_KIB}`)
      db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
      db.pragma('mmap_size = 0')
      db.pragma('trusted_schema = OFF')
      db.pragma('cell_size_check = ON')
      requireDurable(db, path)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/** Opens a connection that can only read. */
export function openReader(path: string): Database.Database {
  return refuseUnreadable(path, () => {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 100 })
    try {
      db.pragma('query_only = ON')
      db.pragma(`cache_size = -${CACHE_KIB}`)
      db.pragma('mmap_size = 0')
      db.pragma('trusted_schema = OFF')
      requireOurs(db, path)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/** Refuses a file with damaged pages; for a large one only its header and schema were read. */
export function checkPages(db: Database.Database, path: string): void {
  refuseUnreadable(path, () => {
    const pages = Number(db.pragma('page_count', { simple: true }))
    if (pages > QUICK_CHECK_MAX_PAGES) return
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw damaged(path)
  })
}

function requireSqliteVersion(db: Database.Database): void {
  const version = String(db.prepare('SELECT sqlite_version()').pluck().get())
  const parts = version.split('.').map(Number)
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0
    if (part > oldest) return
    if (part < oldest) {
      throw new StartRefused(
        EXIT.storage,
        `SQLite ${version} can corrupt a database in WAL mode; ${OLDEST_SQLITE.join('.')} or later is needed. Update better-sqlite3.`,
      )
    }
  }
}

function requireOurs(db: Database.Database, path: string): void {
  const id = Number(db.pragma('application_id', { simple: true }))
  if (id === APPLICATION_ID) return
  if (Number(db.pragma('page_count', { simple: true })) === 0) throw damaged(path)
  throw new StartRefused(
    EXIT.storage,
    `${path} is a SQLite database of another program. Set KEYSMITH_DATA_DIR to a folder of its own.`,
  )
}

function requireDurable(db: Database.Database, path: string): void {
  const journal = db.pragma('journal_mode', { simple: true })
  const synchronous = db.pragma('synchronous', { simple: true })
  if (journal !== 'wal' || synchronous !== SYNCHRONOUS_FULL) {
    throw new StartRefused(
      EXIT.storage,
      `${path}: the database answered journal_mode=${journal}, synchronous=${synchronous} instead of wal and FULL, so an acknowledged write could be lost. Put the data folder on a local disk.`,
    )
  }
}

function damaged(path: string): StartRefused {
  return new StartRefused(
    EXIT.storage,
    `${path} is damaged, empty or not a SQLite database. Restore a backup, or move the file away to start anew.`,
  )
}

function refuseUnreadable<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (error instanceof StartRefused) throw error
    const code = sqliteCode(error)
    if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) throw damaged(path)
    if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN')) {
      throw new StartRefused(
        EXIT.storage,
        `${path} cannot be opened for writing. Give this user write access to the folder, or set KEYSMITH_DATA_DIR.`,
        { cause: error },
      )
    }
    if (code.startsWith('SQLITE_BUSY')) {
      throw new StartRefused(
        EXIT.storage,
        `${path} is locked by another program. Close it: only one process may have the database open.`,
      )
    }
    throw new StartRefused(EXIT.storage, `${path} cannot be opened (${code}).`, { cause: error })
  }
}

/** The extended result code of SQLite, such as SQLITE_IOERR_FSYNC; empty for other errors. */
export function sqliteCode(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : ''
}
