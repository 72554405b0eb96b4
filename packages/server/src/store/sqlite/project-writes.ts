import type Database from 'better-sqlite3'
import type { Finish, Operations } from './write-job.ts'

export function prepareProjectWrites(db: Database.Database, finish: Finish) {
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
