import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { EXIT, StartRefused } from '../../exit.ts'
import { type Migration, readMigrations } from '../migrations.ts'

const FOLDER = join(import.meta.dirname, 'migrations')

export interface MigrationStatus {
  applied: string[]
  pending: Migration[]
}

/** Which migrations the file has and lacks. Refuses a file of a newer or altered Keysmith. */
export function migrationStatus(db: Database.Database): MigrationStatus {
  const known = readMigrations(FOLDER)
  const applied = appliedMigrations(db)
  for (const [index, row] of applied.entries()) {
    const migration = known[index]
    if (!migration || migration.version !== row.version) {
      throw new StartRefused(
        EXIT.migration,
        `The database has the migration ${row.name}, which this version does not know. Run the newer Keysmith that made it.`,
      )
    }
    if (migration.checksum !== row.checksum) {
      throw new StartRefused(
        EXIT.migration,
        `The migration ${row.name} differs from the one this database was made with. Install an unaltered Keysmith.`,
      )
    }
  }
  return { applied: applied.map((row) => row.name), pending: known.slice(applied.length) }
}

/** Applies what is missing, each migration in a transaction of its own. */
export function migrateUp(db: Database.Database, now: number): string[] {
  db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
  ) STRICT`)
  const insert = db.prepare(
    'INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)',
  )
  const { pending } = migrationStatus(db)
  for (const migration of pending) {
    db.transaction(() => {
      db.exec(migration.sql)
      insert.run(migration.version, migration.name, migration.checksum, now)
    }).immediate()
  }
  return pending.map((migration) => migration.name)
}

function appliedMigrations(db: Database.Database) {
  const exists = db
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
    .get()
  if (!exists) return []
  return db
    .prepare<[], { version: number; name: string; checksum: string }>(
      'SELECT version, name, checksum FROM schema_migrations ORDER BY version',
    )
    .all()
}
