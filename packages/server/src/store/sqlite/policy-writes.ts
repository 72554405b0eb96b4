import type Database from 'better-sqlite3'
import type { Key } from '../../keys/key.ts'
import { fromPolicy } from './policy-reads.ts'
import { Undo } from './undo.ts'
import type { Finish, Operations } from './write-job.ts'

export function preparePolicyWrites(db: Database.Database, finish: Finish) {
  const nameTaken = db.prepare(`
    SELECT 1 FROM policies
    WHERE project_id = @projectId AND name = @name AND id <> @id AND deleted_at IS NULL`)
  const insert = db.prepare(`
    INSERT INTO policies (id, project_id, name, description, permissions, allowed_models,
      ip_allowlist, rate_limits, quotas, max_lifetime_seconds, created_at, created_by, updated_at,
      revision)
    SELECT @id, @projectId, @name, @description, @permissions, @allowedModels,
      @ipAllowlist, @rateLimits, @quotas, @maxLifetimeSeconds, @createdAt, @createdBy, @updatedAt,
      @revision
    WHERE EXISTS (SELECT 1 FROM projects WHERE id = @projectId AND deleted_at IS NULL)`)
  const update = db.prepare(`
    UPDATE policies SET name = @name, description = @description, permissions = @permissions,
      allowed_models = @allowedModels, ip_allowlist = @ipAllowlist, rate_limits = @rateLimits,
      quotas = @quotas, max_lifetime_seconds = @maxLifetimeSeconds, updated_at = @updatedAt,
      revision = revision + 1
    WHERE id = @id AND project_id = @projectId AND revision = @expectedRevision
      AND deleted_at IS NULL`)
  const unrevokedKey = db.prepare(`
    SELECT 1 FROM key_policies JOIN keys ON keys.id = key_policies.key_id
    WHERE key_policies.policy_id = @id AND (keys.revoked_at IS NULL OR keys.revoked_at > @now)
    LIMIT 1`)
  const remove = db.prepare(`
    UPDATE policies SET deleted_at = @now, revision = revision + 1
    WHERE id = @id AND project_id = @projectId AND deleted_at IS NULL`)
  return {
    insertPolicy: ((policy, change) => {
      if (nameTaken.get(policy)) return 'name_taken'
      return finish(insert.run(fromPolicy(policy)).changes, change)
    }) satisfies Operations['insertPolicy'],
    updatePolicy: ((policy, expectedRevision, change) => {
      if (nameTaken.get(policy)) return 'name_taken'
      return finish(update.run({ ...fromPolicy(policy), expectedRevision }).changes, change)
    }) satisfies Operations['updatePolicy'],
    deletePolicy: (({ id, projectId }, now, change) => {
      if (unrevokedKey.get({ id, now })) return 'in_use'
      return finish(remove.run({ id, projectId, now }).changes, change)
    }) satisfies Operations['deletePolicy'],
  }
}

/** Writes which policies a key has. All of them must be there, in its project. */
export function prepareKeyPolicies(db: Database.Database) {
  const detach = db.prepare('DELETE FROM key_policies WHERE key_id = ?')
  const attach = db.prepare(`
    INSERT INTO key_policies (policy_id, key_id)
    SELECT id, @id FROM policies WHERE id IN (SELECT value FROM json_each(@policyIds))
      AND project_id = @projectId AND deleted_at IS NULL`)
  return ({ id, projectId, policyIds }: Pick<Key, 'id' | 'projectId' | 'policyIds'>): void => {
    detach.run(id)
    if (policyIds.length === 0) return
    const { changes } = attach.run({ id, projectId, policyIds: JSON.stringify(policyIds) })
    if (changes !== policyIds.length) throw new Undo('conflict')
  }
}
