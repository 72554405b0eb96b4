import { existsSync } from 'node:fs'
import { generateId } from '@keysmith/key-format'
import type Database from 'better-sqlite3'
import { EXIT, StartRefused } from '../../exit.ts'
import type { KeyStore } from '../key-store.ts'
import { createSqliteKeyStore } from './key-store.ts'
import { migrateUp, migrationStatus } from './migrate.ts'
import { checkPages, createDatabase, openReader, openWriter } from './open-database.ts'
import { Writer } from './writer.ts'

export interface OpenedKeyStore {
  store: KeyStore
  /** True when the database was made by this start. */
  isNew: boolean
}

/** Key-check values by pepper id, as `Peppers` makes them. */
export type PepperChecks = Map<string, string>

/**
 * Opens the database file: checks it, migrates it when allowed, compares the peppers with those it was
 * used with, and starts the writer thread. Refuses to start rather than guess.
 */
export async function openSqliteKeyStore(options: {
  path: string
  autoMigrate: boolean
  pepperChecks: PepperChecks
  now: number
  onFatal: (message: string) => void
}): Promise<OpenedKeyStore> {
  const { path, autoMigrate, pepperChecks, now, onFatal } = options
  const isNew = !existsSync(path)
  if (isNew) createDatabase(path)
  const db = openWriter(path)
  let instanceId: string
  try {
    checkPages(db, path)
    const { applied, pending } = migrationStatus(db)
    // Before anything is written: a wrong pepper leaves the database as it is.
    if (applied.length > 0) requireSamePeppers(db, pepperChecks)
    if (pending.length > 0) migrate(db, pending.length, autoMigrate || isNew, now)
    recordPeppers(db, pepperChecks)
    instanceId = ensureInstance(db)
  } finally {
    db.close()
  }
  const writer = await Writer.open(path, onFatal)
  const reader = openReader(path)
  return { store: createSqliteKeyStore({ reader, writer, instanceId }), isNew }
}

function migrate(db: Database.Database, missing: number, allowed: boolean, now: number): void {
  if (!allowed) {
    throw new StartRefused(
      EXIT.migration,
      `The database lacks ${missing} migration(s). Run keysmith migrate up, or set KEYSMITH_AUTO_MIGRATE=on.`,
    )
  }
  migrateUp(db, now)
}

/** A wrong pepper would make every key look unknown; it stops the start instead. */
function requireSamePeppers(db: Database.Database, checks: PepperChecks): void {
  const known = db
    .prepare<[], { pepper_id: string; check_value: string }>('SELECT * FROM pepper_checks')
    .all()
  for (const { pepper_id, check_value } of known) {
    if (checks.get(pepper_id) === check_value) continue
    const fault = checks.has(pepper_id) ? 'is not the one' : 'lacks the one'
    throw new StartRefused(
      EXIT.settings,
      `The pepper ${fault} this database was made with (pepper ${pepper_id}). Put the right keyset back: without it no key can be verified.`,
    )
  }
}

function recordPeppers(db: Database.Database, checks: PepperChecks): void {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO pepper_checks (pepper_id, check_value) VALUES (?, ?)',
  )
  for (const [id, check] of checks) insert.run(id, check)
}

function ensureInstance(db: Database.Database): string {
  db.prepare("INSERT OR IGNORE INTO instance (name, value) VALUES ('id', ?)").run(generateId())
  return String(db.prepare("SELECT value FROM instance WHERE name = 'id'").pluck().get())
}
