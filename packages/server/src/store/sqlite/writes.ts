import type Database from 'better-sqlite3'
import { chainHash } from '../../audit/chain.ts'
import { type Change, IDEMPOTENCY_TTL_MS, type IdempotencyRecord } from '../key-store.ts'
import { fromKey, fromToken } from './rows.ts'
import type { WriteArguments, WriteJob, WriteName, WriteResult } from './write-job.ts'

type Operations = { [Name in WriteName]: (...args: WriteArguments<Name>) => WriteResult<Name> }

/** Thrown inside a savepoint to undo it; the value is the outcome that the caller gets. */
class Undo extends Error {
  readonly outcome: string
  constructor(outcome: string) {
    super(outcome)
    this.outcome = outcome
  }
}

/**
 * Runs one job inside a savepoint of the batch. An outcome other than `ok` leaves nothing behind; an
 * error of SQLite is thrown, with the savepoint rolled back.
 */
export function createWrites(db: Database.Database): (job: WriteJob) => unknown {
  const operations = prepareOperations(db)
  const savepoint = db.prepare('SAVEPOINT job')
  const release = db.prepare('RELEASE job')
  const rollback = db.prepare('ROLLBACK TO job')

  return ({ name, args }) => {
    savepoint.run()
    try {
      const run = operations[name] as (...args: unknown[]) => unknown
      const outcome = run(...args)
      release.run()
      return outcome
    } catch (error) {
      if (db.inTransaction) {
        rollback.run()
        release.run()
      }
      if (error instanceof Undo) return error.outcome
      throw error
    }
  }
}

function prepareOperations(db: Database.Database): Operations {
  const record = prepareChange(db)
  /** Exactly one row was changed, and the change is on record; else nothing happened. */
  const finish = (changes: number, change: Change) => {
    if (changes !== 1) throw new Undo('conflict')
    record(change)
    return 'ok' as const
  }
  return {
    ...prepareProjectWrites(db, finish),
    ...prepareKeyWrites(db, finish),
    ...prepareSecretWrites(db, finish),
    ...prepareTokenWrites(db, finish),
    recordUses: prepareRecordUses(db),
  }
}

type Finish = (changes: number, change: Change) => 'ok'

function prepareProjectWrites(db: Database.Database, finish: Finish) {
  const nameTaken = db.prepare(
    'SELECT 1 FROM projects WHERE name = ? AND id <> ? AND deleted_at IS NULL',
  )
  const insert = db.prepare(`
    INSERT INTO projects (id, name, description, brand, enabled, deletion_protection,
      created_at, updated_at, revision)
    VALUES (@id, @name, @description, @brand, @enabled, @deletionProtection,
      @createdAt, @updatedAt, @revision)`)
  const update = db.prepare(`
    UPDATE projects SET name = @name, description = @description, brand = @brand,
      enabled = @enabled, deletion_protection = @deletionProtection, updated_at = @updatedAt,
      revision = revision + 1
    WHERE id = @id AND revision = @expectedRevision AND deleted_at IS NULL`)
  const usableKey = db.prepare(`
    SELECT 1 FROM keys WHERE project_id = @id
      AND (revoked_at IS NULL OR revoked_at > @now) AND (expires_at IS NULL OR expires_at > @now)
    LIMIT 1`)
  const remove = db.prepare(`
    UPDATE projects SET deleted_at = @now, enabled = 0, revision = revision + 1
    WHERE id = @id AND deletion_protection = 0 AND deleted_at IS NULL`)
  const flags = (project: { enabled: boolean; deletionProtection: boolean }) => ({
    enabled: Number(project.enabled),
    deletionProtection: Number(project.deletionProtection),
  })
  return {
    insertProject: ((project, change) => {
      if (nameTaken.get(project.name, project.id)) return 'name_taken'
      return finish(insert.run({ ...project, ...flags(project) }).changes, change)
    }) satisfies Operations['insertProject'],
    updateProject: ((project, expectedRevision, change) => {
      if (nameTaken.get(project.name, project.id)) return 'name_taken'
      const row = { ...project, ...flags(project), expectedRevision }
      return finish(update.run(row).changes, change)
    }) satisfies Operations['updateProject'],
    deleteProject: (({ id }, now, change) => {
      if (usableKey.get({ id, now })) return 'in_use'
      return finish(remove.run({ id, now }).changes, change)
    }) satisfies Operations['deleteProject'],
  }
}

function prepareKeyWrites(db: Database.Database, finish: Finish) {
  const taken = db.prepare('SELECT 1 FROM keys WHERE id = ?')
  const insert = db.prepare(`
    INSERT INTO keys (id, project_id, name, owner, environment, description, enabled, permissions,
      allowed_models, ip_allowlist, metadata, tags, not_before, expires_at, rotation_every_seconds,
      rotation_overlap_seconds, rotation_due_at, managed_by, deletion_protection, secret_version,
      created_at, created_by, updated_at, revision)
    SELECT @id, @projectId, @name, @owner, @environment, @description, @enabled, @permissions,
      @allowedModels, @ipAllowlist, @metadata, @tags, @notBefore, @expiresAt, @rotationEverySeconds,
      @rotationOverlapSeconds, @rotationDueAt, @managedBy, @deletionProtection, @secretVersion,
      @createdAt, @createdBy, @updatedAt, @revision
    WHERE EXISTS (SELECT 1 FROM projects WHERE id = @projectId AND deleted_at IS NULL)`)
  const insertSecret = prepareInsertSecret(db)
  const update = db.prepare(`
    UPDATE keys SET name = @name, owner = @owner, description = @description,
      permissions = @permissions, allowed_models = @allowedModels, ip_allowlist = @ipAllowlist,
      metadata = @metadata, tags = @tags, not_before = @notBefore, expires_at = @expiresAt,
      rotation_every_seconds = @rotationEverySeconds,
      rotation_overlap_seconds = @rotationOverlapSeconds, rotation_due_at = @rotationDueAt,
      managed_by = @managedBy, deletion_protection = @deletionProtection, updated_at = @updatedAt,
      revision = revision + 1
    WHERE id = @id AND project_id = @projectId AND revision = @expectedRevision
      AND (revoked_at IS NULL OR revoked_at > @updatedAt)`)
  const setEnabled = db.prepare(`
    UPDATE keys SET enabled = @enabled, updated_at = @updatedAt, revision = revision + 1
    WHERE id = @id AND project_id = @projectId AND enabled <> @enabled
      AND (revoked_at IS NULL OR revoked_at > @updatedAt)`)
  const revoke = db.prepare(`
    UPDATE keys SET revoked_at = @at, revoked_by = @by, revoked_reason = @reason,
      updated_at = @updatedAt, revision = revision + 1
    WHERE id = @keyId AND project_id = @projectId AND (revoked_at IS NULL OR revoked_at > @at)
      AND (deletion_protection = 0 OR @overrideProtection = 1)`)
  return {
    insertKey: ((key, secret, change) => {
      if (taken.get(key.id)) return 'id_taken'
      const outcome = finish(insert.run(fromKey(key)).changes, change)
      insertSecret(key.id, secret)
      return outcome
    }) satisfies Operations['insertKey'],
    updateKey: ((key, expectedRevision, change) =>
      finish(
        update.run({ ...fromKey(key), expectedRevision }).changes,
        change,
      )) satisfies Operations['updateKey'],
    setKeyEnabled: (({ id, projectId, enabled, updatedAt }, change) =>
      finish(
        setEnabled.run({ id, projectId, enabled: Number(enabled), updatedAt }).changes,
        change,
      )) satisfies Operations['setKeyEnabled'],
    revokeKey: ((revocation, change) => {
      const overrideProtection = Number(revocation.overrideProtection)
      return finish(revoke.run({ ...revocation, overrideProtection }).changes, change)
    }) satisfies Operations['revokeKey'],
  }
}

function prepareSecretWrites(db: Database.Database, finish: Finish) {
  const insertSecret = prepareInsertSecret(db)
  const versions = db
    .prepare<[string], number>('SELECT version FROM secrets WHERE key_id = ?')
    .pluck()
  const remove = db.prepare('DELETE FROM secrets WHERE key_id = ? AND version = ?')
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
      return outcome
    }) satisfies Operations['replaceSecret'],
    setSecretEnd: (({ keyId, projectId, version, endsAt, updatedAt }, change) => {
      const outcome = finish(touch.run({ keyId, projectId, updatedAt }).changes, change)
      if (setEnd.run({ keyId, version, endsAt }).changes !== 1) throw new Undo('conflict')
      return outcome
    }) satisfies Operations['setSecretEnd'],
  }
}

function prepareInsertSecret(db: Database.Database) {
  const insert = db.prepare(`
    INSERT INTO secrets (key_id, version, hash_class, digest, pepper_id, minted_by, created_at)
    VALUES (@keyId, @version, 'hmac', @digest, @pepperId, @mintedBy, @createdAt)`)
  return (
    keyId: string,
    secret: {
      version: number
      digest: Uint8Array
      pepperId: string
      mintedBy: string
      createdAt: number
    },
  ) => insert.run({ ...secret, keyId, digest: Buffer.from(secret.digest) })
}

function prepareTokenWrites(db: Database.Database, finish: Finish) {
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

function prepareRecordUses(db: Database.Database): Operations['recordUses'] {
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

/** Writes the audit entry, chained to the one before, and the idempotency record. */
function prepareChange(db: Database.Database): (change: Change) => void {
  const readHead = db.prepare<[], { seq: number; hash: Buffer }>('SELECT seq, hash FROM audit_head')
  const writeHead = db.prepare('UPDATE audit_head SET seq = ?, hash = ?')
  const insertEvent = db.prepare(`
    INSERT INTO audit_events (seq, at, action, actor_kind, actor_id, target_kind, target_id,
      project_id, request_id, details, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const recordIdempotency = prepareIdempotency(db)
  return ({ entry, idempotency }) => {
    const head = readHead.get()
    if (!head) throw new Error('the audit head is missing')
    const seq = head.seq + 1
    const details = JSON.stringify(entry.details)
    const hash = chainHash(head.hash, seq, entry, details)
    const { at, action, actor, target, projectId, requestId } = entry
    insertEvent.run(
      ...[seq, at, action, actor.kind, actor.id, target.kind, target.id],
      ...[projectId, requestId, details, hash],
    )
    writeHead.run(seq, hash)
    if (idempotency) recordIdempotency(idempotency)
  }
}

function prepareIdempotency(db: Database.Database): (record: IdempotencyRecord) => void {
  const forget = db.prepare('DELETE FROM idempotency WHERE created_at <= ?')
  const insert = db.prepare(`
    INSERT INTO idempotency (actor_id, key, fingerprint, target_id, secret_version, created_at)
    VALUES (@actorId, @key, @fingerprint, @targetId, @secretVersion, @createdAt)
    ON CONFLICT DO NOTHING`)
  return (record) => {
    forget.run(record.createdAt - IDEMPOTENCY_TTL_MS)
    if (insert.run(record).changes !== 1) throw new Undo('repeated')
  }
}
