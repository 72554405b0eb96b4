import type Database from 'better-sqlite3'
import { prepareKeyPolicies } from './policy-writes.ts'
import { fromKey } from './rows.ts'
import { prepareInsertImportedSecret, prepareInsertSecret } from './secret-writes.ts'
import { Undo } from './undo.ts'
import type { Finish, Operations } from './write-job.ts'

export function prepareKeyWrites(db: Database.Database, finish: Finish) {
  const taken = db.prepare('SELECT 1 FROM keys WHERE id = ?')
  const insert = db.prepare(`
    INSERT INTO keys (id, project_id, name, owner, environment, description, enabled, permissions,
      allowed_models, ip_allowlist, rate_limits, quotas, policy_ids, metadata, tags, not_before, expires_at, rotation_every_seconds,
      rotation_overlap_seconds, rotation_due_at, managed_by, deletion_protection, secret_version,
      created_at, created_by, updated_at, revision)
    SELECT @id, @projectId, @name, @owner, @environment, @description, @enabled, @permissions,
      @allowedModels, @ipAllowlist, @rateLimits, @quotas, @policyIds, @metadata, @tags, @notBefore, @expiresAt, @rotationEverySeconds,
      @rotationOverlapSeconds, @rotationDueAt, @managedBy, @deletionProtection, @secretVersion,
      @createdAt, @createdBy, @updatedAt, @revision
    WHERE EXISTS (SELECT 1 FROM projects WHERE id = @projectId AND deleted_at IS NULL)`)
  const insertSecret = prepareInsertSecret(db)
  const insertImportedSecret = prepareInsertImportedSecret(db)
  const writePolicies = prepareKeyPolicies(db)
  const update = db.prepare(`
    UPDATE keys SET name = @name, owner = @owner, description = @description,
      permissions = @permissions, allowed_models = @allowedModels, ip_allowlist = @ipAllowlist,
      rate_limits = @rateLimits, quotas = @quotas, policy_ids = @policyIds,
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
      writePolicies(key)
      return outcome
    }) satisfies Operations['insertKey'],
    insertImportedKey: ((key, secret, change) => {
      const outcome = finish(insert.run(fromKey(key)).changes, change)
      if (!insertImportedSecret(key.id, secret)) throw new Undo('secret_taken')
      writePolicies(key)
      return outcome
    }) satisfies Operations['insertImportedKey'],
    updateKey: ((key, expectedRevision, change) => {
      const { changes } = update.run({ ...fromKey(key), expectedRevision })
      const outcome = finish(changes, change)
      writePolicies(key)
      return outcome
    }) satisfies Operations['updateKey'],
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
