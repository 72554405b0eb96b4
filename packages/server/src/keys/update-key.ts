import type { UpdateKey } from '@keysmith/contract'
import { holds, requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { changedFields } from '../audit/changed-fields.ts'
import type { Policy } from '../policies/policy.ts'
import { findProject } from '../projects/find-project.ts'
import { readAttributes } from './attributes.ts'
import type { Deps } from './deps.ts'
import { findKey, findUnrevokedKey, requireRevision } from './edit.ts'
import { allPermissions, policiesOf } from './effective.ts'
import { readExpiry } from './expiry.ts'
import { findKeyPolicies } from './find-key-policies.ts'
import type { Key } from './key.ts'
import { lifetimeBounds, requireLifetime } from './lifetime.ts'
import { modelWarnings } from './model-warnings.ts'

/** The fields that say what a key may do: widening one hands out all the rights of the key. */
const AUTHORITY = [
  'permissions',
  'allowedModels',
  'ipAllowlist',
  'rateLimits',
  'quotas',
  'policyIds',
  'notBefore',
  'expiresAt',
  'rotation',
  'deletionProtection',
] as const
const WIDENING = [
  'allowedModels',
  'ipAllowlist',
  'rateLimits',
  'quotas',
  'policyIds',
  'notBefore',
  'expiresAt',
] as const

export interface Updated {
  key: Key
  /** What was done and may be a mistake. */
  warnings: string[]
}

/** Changes attributes of a key. Never touches a secret, and never grants more than the caller holds. */
export async function updateKey(
  deps: Deps,
  caller: Caller,
  id: string,
  body: UpdateKey,
  ifMatch: string | undefined,
): Promise<Updated> {
  const now = deps.now()
  const present = await findUnrevokedKey(deps, caller, id, now)
  requireRevision(present, ifMatch)
  const expiresAt = readExpiry(body, now)
  const key: Key = {
    ...present,
    ...readAttributes(body),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    updatedAt: now,
  }
  const project = await findProject(deps, caller.principal, key.projectId)
  const policies = await policiesAfter(deps, key, body)
  if (expiresAt !== undefined) {
    const { createdAt } = key
    requireLifetime(expiresAt, lifetimeBounds(deps.rules, project, policies, { createdAt, now }))
  }
  const details = changedFields(present, key, AUTHORITY)
  requireHeld(caller.principal, grantedBy(present, { key, policies }, details))
  const change = describeChange(caller, {
    at: now,
    action: 'key.updated',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details,
  })
  requireWritten(await deps.store.updateKey(key, present.revision, change))
  const warnings = body.allowedModels === undefined ? [] : modelWarnings(key.allowedModels, project)
  return { key: await findKey(deps, caller, key.id), warnings }
}

/** The policies that the key has then: new ones must be of its project. */
function policiesAfter(deps: Deps, key: Key, body: UpdateKey): Promise<Policy[]> {
  return body.policyIds === undefined
    ? deps.store.findPolicies(key.policyIds).then((found) => policiesOf(key, found))
    : findKeyPolicies(deps, key.projectId, key.policyIds)
}

/**
 * What an update hands out: the added permissions, or all that the key may do, also by its policies,
 * where another bound is moved.
 */
function grantedBy(
  before: Key,
  after: { key: Key; policies: readonly Policy[] },
  changed: Record<string, unknown>,
): readonly string[] {
  if (WIDENING.some((field) => field in changed)) return allPermissions(after.key, after.policies)
  return after.key.permissions.filter((permission) => !holds(before.permissions, permission))
}
