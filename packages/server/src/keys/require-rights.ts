import { requireHeld } from '../access/permissions.ts'
import type { Caller } from '../audit/change.ts'
import type { Deps } from './deps.ts'
import { allPermissions, policiesOf } from './effective.ts'
import type { Key } from './key.ts'

/** Throws unless the caller holds all that the key may do, by itself and by its policies. */
export async function requireRightsOf(
  { store }: Pick<Deps, 'store'>,
  { principal }: Pick<Caller, 'principal'>,
  key: Key,
): Promise<void> {
  const policies = policiesOf(key, await store.findPolicies(key.policyIds))
  requireHeld(principal, allPermissions(key, policies))
}
