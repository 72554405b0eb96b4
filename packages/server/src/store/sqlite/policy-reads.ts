import type Database from 'better-sqlite3'
import type { Key } from '../../keys/key.ts'
import type { Policy } from '../../policies/policy.ts'
import type { PageRequest, Scope } from '../key-store.ts'
import { AFTER_CURSOR, LIVE_PROJECT, NEWEST_FIRST, pageParameters } from './pages.ts'

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

const UNREVOKED = '(keys.revoked_at IS NULL OR keys.revoked_at > @now)'

export function preparePolicyReads(db: Database.Database) {
  const byIds = db.prepare<[string], PolicyRow>(
    'SELECT * FROM policies WHERE id IN (SELECT value FROM json_each(?))',
  )
  const get = db.prepare<unknown[], PolicyRow>(`
    SELECT * FROM policies WHERE id = @id AND (@scope IS NULL OR project_id = @scope)
      AND deleted_at IS NULL AND ${LIVE_PROJECT}`)
  const prepareList = (condition: string) =>
    db.prepare<unknown[], PolicyRow>(`
      SELECT * FROM policies WHERE ${condition} AND deleted_at IS NULL AND ${LIVE_PROJECT}
        AND (@name IS NULL OR name = @name) AND ${AFTER_CURSOR} ${NEWEST_FIRST}`)
  const listAll = prepareList('@scope IS NULL')
  const listProject = prepareList('project_id = @scope')
  const keysOf = db.prepare<unknown[], { permissions: string; policy_ids: string }>(`
    SELECT keys.permissions, keys.policy_ids
    FROM key_policies JOIN keys ON keys.id = key_policies.key_id
    WHERE key_policies.policy_id = @id AND ${UNREVOKED} LIMIT @limit`)
  const countKeys = db.prepare<unknown[], { id: string; keys: number }>(`
    SELECT key_policies.policy_id AS id, count(*) AS keys
    FROM key_policies JOIN keys ON keys.id = key_policies.key_id
    WHERE key_policies.policy_id IN (SELECT value FROM json_each(@ids)) AND ${UNREVOKED}
    GROUP BY key_policies.policy_id`)
  return {
    policies: (ids: readonly string[]): Policy[] =>
      ids.length === 0 ? [] : byIds.all(JSON.stringify(ids)).map(toPolicy),
    policy: (id: string, scope: Scope): Policy | null => {
      const row = get.get({ id, scope })
      return row ? toPolicy(row) : null
    },
    policyPage: (filter: PageRequest & { scope: Scope; name: string | null }): Policy[] => {
      const { scope, name } = filter
      const list = scope === null ? listAll : listProject
      return list.all({ ...pageParameters(filter), scope, name }).map(toPolicy)
    },
    policyKeys: (
      id: string,
      now: number,
      limit: number,
    ): Pick<Key, 'permissions' | 'policyIds'>[] =>
      keysOf.all({ id, now, limit }).map((row) => ({
        permissions: JSON.parse(row.permissions),
        policyIds: JSON.parse(row.policy_ids),
      })),
    policyKeyCounts: (ids: readonly string[], now: number): ReadonlyMap<string, number> => {
      const rows = countKeys.all({ ids: JSON.stringify(ids), now })
      return new Map(rows.map(({ id, keys }) => [id, keys]))
    },
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

/** The named parameters of the statements that write a policy. */
export function fromPolicy(policy: Policy) {
  return {
    ...policy,
    permissions: JSON.stringify(policy.permissions),
    allowedModels: policy.allowedModels && JSON.stringify(policy.allowedModels),
    ipAllowlist: policy.ipAllowlist && JSON.stringify(policy.ipAllowlist),
    rateLimits: JSON.stringify(policy.rateLimits),
    quotas: JSON.stringify(policy.quotas),
  }
}
