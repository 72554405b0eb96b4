import type Database from 'better-sqlite3'
import { fromToken } from './rows.ts'
import type { Finish, Operations } from './write-job.ts'

export function prepareTokenWrites(db: Database.Database, finish: Finish) {
  const taken = db.prepare('SELECT 1 FROM tokens WHERE id = ?')
  const insert = db.prepare(`
    INSERT INTO tokens (id, name, permissions, project_id, version, digest, pepper_id, minted_by,
      created_at, created_by, expires_at)
    VALUES (@id, @name, @permissions, @projectId, @version, @digest, @pepperId, @mintedBy,
      @createdAt, @createdBy, @expiresAt)`)
  const revoke = db.prepare(`
    UPDATE tokens SET revoked_at = @at
    WHERE id = @id AND (@scope IS NULL OR project_id = @scope) AND revoked_at IS NULL`)
  return {
    insertToken: ((token, secret, change) => {
      if (taken.get(token.id)) return 'id_taken'
      return finish(insert.run(fromToken(token, secret)).changes, change)
    }) satisfies Operations['insertToken'],
    revokeToken: ((revocation, change) =>
      finish(revoke.run(revocation).changes, change)) satisfies Operations['revokeToken'],
  }
}
