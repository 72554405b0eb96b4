import type { SetQuotaUsed } from '@keysmith/contract'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { EffectiveQuota } from '../limits/effective-limits.ts'
import { periodStart } from '../limits/period.ts'
import { quotaState } from '../limits/quota-state.ts'
import type { Deps } from './deps.ts'
import { describeKey } from './describe-keys.ts'
import { findKey, findUnrevokedKey } from './edit.ts'
import type { Key } from './key.ts'

/**
 * Sets what counts as used of a quota in the present period, from which on no open reservation holds
 * anything of it. Less than was used lets the key do more: the caller must hold all of its rights.
 */
export async function setQuotaUsed(
  deps: Deps,
  caller: Caller,
  id: string,
  { name, used, policyId }: SetQuotaUsed,
): Promise<Key> {
  const now = deps.now()
  const key = await findUnrevokedKey(deps, caller, id, now)
  const { effective, counters } = await describeKey(deps, key)
  requireHeld(caller.principal, effective.permissions)
  const quota = requireQuota(effective.quotas, name, policyId)
  const { period, source } = quota
  const before = quotaState(quota, counters, now)
  const change = describeChange(caller, {
    at: now,
    action: 'key.quota_set',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details: { name, source, from: before.used, to: used, reserved: before.reserved },
  })
  const setting = {
    keyId: key.id,
    projectId: key.projectId,
    sourceId: source.id,
    name,
    period,
    periodStart: periodStart(period, now),
    used,
    updatedAt: now,
  }
  requireWritten(await deps.store.setQuotaUsed(setting, change))
  return findKey(deps, caller, key.id)
}

/** The quota of the policy that is named, else that of the key itself or of its project. */
function requireQuota(
  quotas: readonly EffectiveQuota[],
  name: string,
  policyId: string | undefined,
): EffectiveQuota {
  const isMeant = ({ kind, id }: EffectiveQuota['source']) =>
    policyId === undefined ? kind !== 'policy' : kind === 'policy' && id === policyId
  const quota = quotas.find((each) => each.name === name && isMeant(each.source))
  if (quota) return quota
  throw new ApiError('quota_not_found', {
    detail: 'No quota of this name applies to the key. For one that a policy sets, give policyId.',
  })
}
