import type { UpdateKey } from '@keysmith/contract'
import { holds, requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { changedFields } from '../audit/changed-fields.ts'
import { readAttributes } from './attributes.ts'
import type { Deps } from './deps.ts'
import { findKey, findUnrevokedKey, requireRevision } from './edit.ts'
import { readExpiry, requireLifetime } from './expiry.ts'
import type { Key } from './key.ts'

/** The fields that say what a key may do: widening one hands out all the rights of the key. */
const AUTHORITY = [
  'permissions',
  'allowedModels',
  'ipAllowlist',
  'notBefore',
  'expiresAt',
  'rotation',
  'deletionProtection',
] as const
const WIDENING = ['allowedModels', 'ipAllowlist', 'notBefore', 'expiresAt'] as const

/** Changes attributes of a key. Never touches a secret, and never grants more than the caller holds. */
export async function updateKey(
  deps: Deps,
  caller: Caller,
  id: string,
  body: UpdateKey,
  ifMatch: string | undefined,
): Promise<Key> {
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
  if (expiresAt !== undefined) requireLifetime(key.expiresAt, now, deps.rules.maxDays)
  const details = changedFields(present, key, AUTHORITY)
  requireHeld(caller.principal, grantedBy(present, key, details))
  const change = describeChange(caller, {
    at: now,
    action: 'key.updated',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details,
  })
  requireWritten(await deps.store.updateKey(key, present.revision, change))
  return findKey(deps, caller, key.id)
}

/** What an update hands out: the added permissions, or all of them where another bound is moved. */
function grantedBy(before: Key, after: Key, changed: Record<string, unknown>): readonly string[] {
  if (WIDENING.some((field) => field in changed)) return after.permissions
  return after.permissions.filter((permission) => !holds(before.permissions, permission))
}
