import { join } from 'node:path'
import Database from 'better-sqlite3'

/** The table that a service makes for itself when its library only mints and compares. */
export interface KeyRow {
  id: string
  hash: string
  name: string
  owner: string
  project: string
  enabled: number
  permissions: string
  expires_at: number | null
}

export interface KeyTable {
  insert: (row: KeyRow) => void
  find: (id: string) => KeyRow | undefined
}

/** In a file with WAL, `synchronous` as given; a create is one commit with a row for the audit log. */
export function openKeyTable(folder: string, synchronous: 'NORMAL' | 'FULL'): KeyTable {
  const db = new Database(join(folder, 'keys.sqlite'))
  db.pragma('journal_mode = WAL')
  db.pragma(`synchronous = ${synchronous}`)
  db.exec(`
    CREATE TABLE keys (id TEXT PRIMARY KEY, hash TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,
      project TEXT NOT NULL, enabled INTEGER NOT NULL, permissions TEXT NOT NULL, expires_at INTEGER,
      created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
      details TEXT NOT NULL) STRICT`)
  const insertKey = db.prepare(`
    INSERT INTO keys (id, hash, name, owner, project, enabled, permissions, expires_at, created_at)
    VALUES (@id, @hash, @name, @owner, @project, @enabled, @permissions, @expires_at, @created_at)`)
  const insertAudit = db.prepare(
    "INSERT INTO audit (at, action, target, details) VALUES (?, 'key.created', ?, ?)",
  )
  const find = db.prepare<[string], KeyRow>('SELECT * FROM keys WHERE id = ?')
  return {
    insert: db.transaction((row: KeyRow) => {
      const now = Date.now()
      insertKey.run({ ...row, created_at: now })
      insertAudit.run(now, row.id, JSON.stringify({ name: row.name }))
    }),
    find: (id) => find.get(id),
  }
}

/** What is checked of a row that was found: state, expiry, and the one permission that is asked for. */
export function isGood(row: KeyRow, now: number): boolean {
  if (row.enabled !== 1 || (row.expires_at !== null && row.expires_at <= now)) return false
  const held: string[] = JSON.parse(row.permissions)
  return held.includes('jobs:*') || held.includes('jobs:write')
}

/** The facts of a new key, apart from its id and hash. */
export const FACTS = {
  name: 'billing-worker',
  owner: 'team-billing',
  project: '1000g40r40m30e21',
  enabled: 1,
  permissions: '["jobs:*"]',
  expires_at: Date.parse('2099-01-01'),
}

/** The answer about a good key. */
export function presentRow({ id, name, owner, project, permissions, expires_at }: KeyRow) {
  return {
    valid: true,
    code: 'valid',
    key: {
      id,
      name,
      owner,
      project,
      environment: 'live',
      permissions: JSON.parse(permissions),
      expiresAt: expires_at === null ? null : new Date(expires_at).toISOString(),
    },
    leaseMs: 1000,
  }
}
