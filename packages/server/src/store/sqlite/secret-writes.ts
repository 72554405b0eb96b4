import type Database from 'better-sqlite3'
import type { ImportedSecret, StoredSecret } from '../../keys/key.ts'
import { Undo } from './undo.ts'
import type { Finish, Operations } from './write-job.ts'

export function prepareSecretWrites(db: Database.Database, finish: Finish) {
  const insertSecret = prepareInsertSecret(db)
  const versions = db
    .prepare<[string], number>('SELECT version FROM secrets WHERE key_id = ?')
    .pluck()
  const remove = db.prepare('DELETE FROM secrets WHERE key_id = ? AND version = ?')
  const forgetUses = db.prepare(`
    DELETE FROM last_uses WHERE key_id = @keyId
      AND version NOT IN (SELECT version FROM secrets WHERE key_id = @keyId)`)
  const setEnd = db.prepare(
    'UPDATE secrets SET ends_at = @endsAt WHERE key_id = @keyId AND version = @version',
  )
  const advance = db.prepare(`
    UPDATE keys SET secret_version = @version,
      rotation_due_at = @version + rotation_every_seconds * 1000, updated_at = @updatedAt,
      revision = revision + 1
    WHERE id = @keyId AND project_id = @projectId AND secret_version = @expectedVersion
      AND (revoked_at IS NULL OR revoked_at > @updatedAt)`)
  const touch = db.prepare(`
    UPDATE keys SET updated_at = @updatedAt, revision = revision + 1
    WHERE id = @keyId AND project_id = @projectId`)
  return {
    replaceSecret: (({ keyId, projectId, expectedVersion, secret, keep, updatedAt }, change) => {
      const { version } = secret
      const changed = advance.run({ keyId, projectId, expectedVersion, version, updatedAt }).changes
      const outcome = finish(changed, change)
      const ends = new Map(keep.map((kept) => [kept.version, kept.endsAt]))
      for (const old of versions.all(keyId)) {
        const endsAt = ends.get(old)
        if (endsAt === undefined) remove.run(keyId, old)
        else setEnd.run({ keyId, version: old, endsAt })
      }
      insertSecret(keyId, secret)
      forgetUses.run({ keyId })
      return outcome
    }) satisfies Operations['replaceSecret'],
    setSecretEnd: (({ keyId, projectId, version, endsAt, updatedAt }, change) => {
      const outcome = finish(touch.run({ keyId, projectId, updatedAt }).changes, change)
      if (setEnd.run({ keyId, version, endsAt }).changes !== 1) throw new Undo('conflict')
      return outcome
    }) satisfies Operations['setSecretEnd'],
  }
}

/** Adds the secret of an imported key; false when one of the same keyed digest is there. */
export function prepareInsertImportedSecret(db: Database.Database) {
  const taken = db.prepare(`
    SELECT 1 FROM secrets WHERE digest = ? AND minted_by = 'import' AND hash_class = 'hmac'`)
  const insert = db.prepare(`
    INSERT INTO secrets (key_id, version, hash_class, digest, pepper_id, minted_by, created_at,
      start, kdf, tag)
    VALUES (@keyId, @version, @hashClass, @digest, @pepperId, 'import', @createdAt,
      @start, @kdf, @tag)`)
  return (keyId: string, { argon2, ...secret }: ImportedSecret): boolean => {
    const digest = Buffer.from(secret.digest)
    if (taken.get(digest)) return false
    const { kdf = null, tag = null } = argon2 ?? {}
    const hashClass = argon2 ? 'argon2id' : 'hmac'
    const { version, pepperId, createdAt, start } = secret
    insert.run({ keyId, version, pepperId, createdAt, start, digest, hashClass, kdf, tag })
    return true
  }
}

/** Adds the present secret of a key. */
export function prepareInsertSecret(db: Database.Database) {
  const insert = db.prepare(`
    INSERT INTO secrets (key_id, version, hash_class, digest, pepper_id, minted_by, created_at)
    VALUES (@keyId, @version, 'hmac', @digest, @pepperId, @mintedBy, @createdAt)`)
  return (keyId: string, secret: StoredSecret) =>
    insert.run({ ...secret, keyId, digest: Buffer.from(secret.digest) })
}
