import type { Project } from '../../keys/key.ts'
import type { VerifyingProject } from '../key-store.ts'

export interface ProjectRow {
  id: string
  name: string
  description: string | null
  brand: string
  enabled: number
  deletion_protection: number
  default_rate_limits: string
  default_quotas: string
  max_lifetime_seconds: number | null
  models: string
  special_permissions: string
  allowed_delivery: string | null
  reservation_expiry: 'released' | 'charged'
  created_at: number
  updated_at: number
  revision: number
}

export function toProject(row: ProjectRow): Project {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    brand: row.brand,
    enabled: row.enabled === 1,
    deletionProtection: row.deletion_protection === 1,
    defaultRateLimits: JSON.parse(row.default_rate_limits),
    defaultQuotas: JSON.parse(row.default_quotas),
    maxLifetimeSeconds: row.max_lifetime_seconds,
    models: JSON.parse(row.models),
    specialPermissions: JSON.parse(row.special_permissions),
    allowedDelivery: row.allowed_delivery === null ? null : JSON.parse(row.allowed_delivery),
    reservationExpiry: row.reservation_expiry,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    revision: row.revision,
  }
}

/** The project of a key, in the row that a verification reads. */
export interface VerifyingProjectRow
  extends Pick<
    ProjectRow,
    'default_rate_limits' | 'default_quotas' | 'max_lifetime_seconds' | 'reservation_expiry'
  > {
  project_id: string
  project_enabled: number
  project_revision: number
}

export function toVerifyingProject(row: VerifyingProjectRow): VerifyingProject {
  return {
    id: row.project_id,
    enabled: row.project_enabled === 1,
    revision: row.project_revision,
    defaultRateLimits: JSON.parse(row.default_rate_limits),
    defaultQuotas: JSON.parse(row.default_quotas),
    maxLifetimeSeconds: row.max_lifetime_seconds,
    reservationExpiry: row.reservation_expiry,
  }
}

/** The named parameters of the statements that write a project. */
export function fromProject(project: Project) {
  return {
    ...project,
    enabled: Number(project.enabled),
    deletionProtection: Number(project.deletionProtection),
    defaultRateLimits: JSON.stringify(project.defaultRateLimits),
    defaultQuotas: JSON.stringify(project.defaultQuotas),
    models: JSON.stringify(project.models),
    specialPermissions: JSON.stringify(project.specialPermissions),
    allowedDelivery: project.allowedDelivery && JSON.stringify(project.allowedDelivery),
  }
}
