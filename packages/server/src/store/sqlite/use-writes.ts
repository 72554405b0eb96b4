import type Database from 'better-sqlite3'
import type { Operations } from './write-job.ts'

export function prepareRecordUses(db: Database.Database): Operations['recordUses'] {
  // Whether the secret is still there is not looked up: what is left of one that went is swept at a rotation.
  const useSecret = db.prepare(`
    INSERT INTO last_uses (used_at, key_id, version) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET used_at = max(used_at, excluded.used_at)`)
  const useToken = db.prepare(`
    UPDATE tokens SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?`)
  return (uses) => {
    // In the order of the tables: neighbours lie in one page.
    const inOrder = uses.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    for (const { kind, id, version, usedAt } of inOrder) {
      if (kind === 'key') useSecret.run(usedAt, id, version)
      else useToken.run(usedAt, id)
    }
  }
}
