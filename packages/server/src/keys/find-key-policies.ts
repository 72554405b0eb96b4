import { invalidField } from '../errors.ts'
import type { Policy } from '../policies/policy.ts'
import type { Deps } from './deps.ts'

/** The policies that a key of this project is given. Absent and foreign ones look the same. */
export async function findKeyPolicies(
  { store }: Pick<Deps, 'store'>,
  projectId: string,
  policyIds: readonly string[] = [],
): Promise<Policy[]> {
  const found = await Promise.all(policyIds.map((id) => store.getPolicy(id, projectId)))
  return found.map((policy, index) => {
    if (policy) return policy
    throw invalidField(
      `policyIds/${index}`,
      'the project of the key has no policy of this id; list its policies, or create one',
    )
  })
}
