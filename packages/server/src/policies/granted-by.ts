import { holds } from '../access/permissions.ts'
import type { Deps } from '../keys/deps.ts'
import type { Policy } from './policy.ts'

/** Moving one of these changes how all rights of the keys that have the policy may be used. */
const BOUNDS = [
  'allowedModels',
  'ipAllowlist',
  'rateLimits',
  'quotas',
  'maxLifetimeSeconds',
] as const

/** Of a policy with more keys than this nobody looks at each: whoever moves a bound holds `*`. */
const MAX_KEYS = 1000

/**
 * The permissions that an update hands out, and that its caller must hold. Taking permissions away: none.
 * Adding one: all of the policy. Moving a bound: those of every key that has the policy as well. Which of
 * two lists or limits is the wider one is not asked.
 */
export async function grantedBy(
  deps: Pick<Deps, 'store' | 'now'>,
  before: Policy,
  after: Policy,
  changed: Record<string, unknown>,
): Promise<readonly string[]> {
  if (BOUNDS.some((bound) => bound in changed)) {
    return [...after.permissions, ...(await permissionsOfKeys(deps, after.id))]
  }
  const isAdded = (permission: string) => !holds(before.permissions, permission)
  return after.permissions.some(isAdded) ? after.permissions : []
}

/** What the keys that have the policy may do, by themselves and by all of their policies. */
async function permissionsOfKeys(
  { store, now }: Pick<Deps, 'store' | 'now'>,
  policyId: string,
): Promise<readonly string[]> {
  const keys = await store.listPolicyKeys(policyId, now(), MAX_KEYS + 1)
  if (keys.length > MAX_KEYS) return ['*']
  const policyIds = new Set(keys.flatMap((key) => key.policyIds))
  const policies = await store.findPolicies([...policyIds])
  return [...new Set([...keys, ...policies].flatMap(({ permissions }) => permissions))]
}
