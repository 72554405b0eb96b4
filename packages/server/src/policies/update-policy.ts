import type { UpdatePolicy } from '@keysmith/contract'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange } from '../audit/change.ts'
import { changedFields } from '../audit/changed-fields.ts'
import type { Deps } from '../keys/deps.ts'
import { requireRevision } from '../keys/edit.ts'
import { requireNameFree } from './create-policy.ts'
import { findPolicy } from './find-policy.ts'
import { grantedBy } from './granted-by.ts'
import type { Policy } from './policy.ts'
import { readSettings } from './settings.ts'

/** The fields that say what keys may do. */
const AUTHORITY = [
  'name',
  'permissions',
  'allowedModels',
  'ipAllowlist',
  'rateLimits',
  'quotas',
  'maxLifetimeSeconds',
] as const

/** Changes a policy, and with it all keys that have it, from the next verification on. */
export async function updatePolicy(
  deps: Deps,
  caller: Caller,
  id: string,
  body: UpdatePolicy,
  ifMatch: string | undefined,
): Promise<Policy> {
  const present = await findPolicy(deps, caller.principal, id)
  requireRevision(present, ifMatch)
  const now = deps.now()
  const policy: Policy = { ...present, ...readSettings(body), updatedAt: now }
  const details = changedFields(present, policy, AUTHORITY)
  requireHeld(caller.principal, await grantedBy(deps, present, policy, details))
  const change = describeChange(caller, {
    at: now,
    action: 'policy.updated',
    target: { kind: 'policy', id: policy.id },
    projectId: policy.projectId,
    details,
  })
  requireNameFree(await deps.store.updatePolicy(policy, present.revision, change))
  return findPolicy(deps, caller.principal, policy.id)
}
