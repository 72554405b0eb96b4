import type Database from 'better-sqlite3'
import type { Policy } from '../../policies/policy.ts'

export interface PolicyRow {
  id: string
  project_id: string
  name: string
  description: string | null
  permissions: string
  allowed_models: string | null
  ip_allowlist: string | null
  rate_limits: string
  quotas: string
  max_lifetime_seconds: number | null
  created_at: number
  created_by: string
  updated_at: number
  revision: number
}

export function preparePolicyReads(db: Database.Database) {
  const byIds = db.prepare<[string], PolicyRow>(
    'SELECT * FROM policies WHERE id IN (SELECT value FROM json_each(?))',
  )
  return {
    policies: (ids: readonly string[]): Policy[] =>
      ids.length === 0 ? [] : byIds.all(JSON.stringify(ids)).map(toPolicy),
  }
}

function toPolicy(row: PolicyRow): Policy {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    permissions: JSON.parse(row.permissions),
    allowedModels: row.allowed_models === null ? null : JSON.parse(row.allowed_models),
    ipAllowlist: row.ip_allowlist === null ? null : JSON.parse(row.ip_allowlist),
    rateLimits: JSON.parse(row.rate_limits),
    quotas: JSON.parse(row.quotas),
    maxLifetimeSeconds: row.max_lifetime_seconds,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    revision: row.revision,
  }
}
