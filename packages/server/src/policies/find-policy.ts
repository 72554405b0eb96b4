import type { Principal } from '../access/principal.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import type { Policy } from './policy.ts'

/** The policy that the caller may see; absent and foreign look the same. */
export async function findPolicy(
  { store }: Pick<Deps, 'store'>,
  principal: Principal,
  id: string,
): Promise<Policy> {
  const policy = await store.getPolicy(id, principal.projectId)
  if (!policy) {
    throw new ApiError('policy_not_found', {
      detail: 'No policy of this id is visible to the calling token.',
    })
  }
  return policy
}
