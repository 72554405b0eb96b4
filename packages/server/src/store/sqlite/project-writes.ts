import type Database from 'better-sqlite3'
import { KEY_END } from './key-end.ts'
import { fromProject } from './project-rows.ts'
import type { Finish, Operations } from './write-job.ts'

export function prepareProjectWrites(db: Database.Database, finish: Finish) {
  const nameTaken = db.prepare(
    'SELECT 1 FROM projects WHERE name = ? AND id <> ? AND deleted_at IS NULL',
  )
  const insert = db.prepare(`
    INSERT INTO projects (id, name, description, brand, enabled, deletion_protection,
      default_rate_limits, default_quotas, max_lifetime_seconds, models, special_permissions,
      allowed_delivery, reservation_expiry, created_at, updated_at, revision)
    VALUES (@id, @name, @description, @brand, @enabled, @deletionProtection,
      @defaultRateLimits, @defaultQuotas, @maxLifetimeSeconds, @models, @specialPermissions,
      @allowedDelivery, @reservationExpiry, @createdAt, @updatedAt, @revision)`)
  const update = db.prepare(`
    UPDATE projects SET name = @name, description = @description, brand = @brand,
      enabled = @enabled, deletion_protection = @deletionProtection,
      default_rate_limits = @defaultRateLimits, default_quotas = @defaultQuotas,
      max_lifetime_seconds = @maxLifetimeSeconds, models = @models,
      special_permissions = @specialPermissions, allowed_delivery = @allowedDelivery,
      reservation_expiry = @reservationExpiry, updated_at = @updatedAt, revision = revision + 1
    WHERE id = @id AND revision = @expectedRevision AND deleted_at IS NULL`)
  const usableKey = db.prepare(`
    SELECT 1 FROM keys WHERE project_id = @id
      AND (revoked_at IS NULL OR revoked_at > @now) AND ${KEY_END} > @now
    LIMIT 1`)
  const remove = db.prepare(`
    UPDATE projects SET deleted_at = @now, enabled = 0, revision = revision + 1
    WHERE id = @id AND deletion_protection = 0 AND deleted_at IS NULL`)
  return {
    insertProject: ((project, change) => {
      if (nameTaken.get(project.name, project.id)) return 'name_taken'
      return finish(insert.run(fromProject(project)).changes, change)
    }) satisfies Operations['insertProject'],
    updateProject: ((project, expectedRevision, change) => {
      if (nameTaken.get(project.name, project.id)) return 'name_taken'
      return finish(update.run({ ...fromProject(project), expectedRevision }).changes, change)
    }) satisfies Operations['updateProject'],
    deleteProject: (({ id }, now, change) => {
      if (usableKey.get({ id, now })) return 'in_use'
      return finish(remove.run({ id, now }).changes, change)
    }) satisfies Operations['deleteProject'],
  }
}
