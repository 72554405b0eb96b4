import { LRUCache } from 'lru-cache'
import type { VerifyingProject } from '../key-store.ts'
import { toVerifyingProject, type VerifyingProjectRow } from './project-rows.ts'

const MAX_PROJECTS = 1000

/**
 * One object for the keys of a project, for as long as its columns stay the same: of the rows that are
 * remembered, thousands belong to one.
 */
export function shareProjects(): (row: VerifyingProjectRow) => VerifyingProject {
  const known = new LRUCache<string, { columns: string; project: VerifyingProject }>({
    max: MAX_PROJECTS,
  })
  return (row) => {
    const columns = columnsOf(row)
    const shared = known.get(row.project_id)
    if (shared?.columns === columns) return shared.project
    const project = toVerifyingProject(row)
    known.set(row.project_id, { columns, project })
    return project
  }
}

function columnsOf(row: VerifyingProjectRow): string {
  const { project_enabled, project_revision, max_lifetime_seconds, reservation_expiry } = row
  const numbers = `${project_enabled} ${project_revision} ${max_lifetime_seconds}`
  return `${numbers} ${reservation_expiry} ${row.default_rate_limits} ${row.default_quotas}`
}
