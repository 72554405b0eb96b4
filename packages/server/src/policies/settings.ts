import type { CreatePolicy, UpdatePolicy } from '@keysmith/contract'
import { given, readPermissions, readRanges } from '../keys/attributes.ts'
import { refuseSecrets } from '../keys/refuse-secrets.ts'
import type { Policy } from './policy.ts'

type Settings = Pick<
  Policy,
  | 'name'
  | 'description'
  | 'permissions'
  | 'allowedModels'
  | 'ipAllowlist'
  | 'rateLimits'
  | 'quotas'
  | 'maxLifetimeSeconds'
>

/** The settings that a body names, checked and in their stored form. Absent ones stay absent. */
export function readSettings(body: CreatePolicy | UpdatePolicy): Partial<Settings> {
  refuseSecrets(body)
  const { name, description, allowedModels, rateLimits, quotas, maxLifetimeSeconds } = body
  return given({
    name,
    description,
    permissions: readPermissions(body.permissions),
    allowedModels,
    ipAllowlist: readRanges(body.ipAllowlist),
    rateLimits,
    quotas,
    maxLifetimeSeconds,
  })
}
