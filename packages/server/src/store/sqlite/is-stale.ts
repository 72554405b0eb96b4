import type Database from 'better-sqlite3'
import type { DecidedBy } from '../quota-store.ts'

/**
 * Was a record changed since a request was decided by it? One that is gone is one of no revision. No
 * join: SQLite plans it anew for each value, since a partial index has a condition IS NOT NULL.
 */
export function prepareIsStale(db: Database.Database): (decidedBy: DecidedBy) => boolean {
  const key = db.prepare('SELECT 1 FROM keys WHERE id = ? AND revision = ? AND project_id = ?')
  const project = db.prepare(
    'SELECT 1 FROM projects WHERE id = ? AND revision = ? AND deleted_at IS NULL',
  )
  const policy = db.prepare('SELECT 1 FROM policies WHERE id = ? AND revision = ?')
  return ({ keyId, keyRevision, projectId, projectRevision, policies }) =>
    !key.get(keyId, keyRevision, projectId) ||
    !project.get(projectId, projectRevision) ||
    policies.some(({ id, revision }) => !policy.get(id, revision))
}
