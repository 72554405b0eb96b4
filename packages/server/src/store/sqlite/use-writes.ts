import type Database from 'better-sqlite3'
import type { Operations } from './write-job.ts'

export function prepareRecordUses(db: Database.Database): Operations['recordUses'] {
  const useSecret = db.prepare(`
    UPDATE secrets SET last_used_at = max(coalesce(last_used_at, 0), @usedAt)
    WHERE key_id = @id AND version = @version`)
  const useToken = db.prepare(`
    UPDATE tokens SET last_used_at = max(coalesce(last_used_at, 0), @usedAt) WHERE id = @id`)
  return (uses) => {
    for (const { kind, id, version, usedAt } of uses) {
      if (kind === 'key') useSecret.run({ id, version, usedAt })
      else useToken.run({ id, usedAt })
    }
  }
}
