import type { Key } from '../keys/key.ts'
import type { Policy } from '../policies/policy.ts'
import type { Change, PageRequest, Scope, WriteOutcome } from './change.ts'

/**
 * Policies of keys. Which keys have a policy is written with the key; a key that names one which is
 * deleted, absent or of another project is a `conflict`.
 */
export interface PolicyStore {
  insertPolicy(policy: Policy, change: Change): Promise<WriteOutcome | 'name_taken'>
  /** Among those that are not deleted, of projects that are not. */
  getPolicy(id: string, scope: Scope): Promise<Policy | null>
  /**
   * Those of these ids that exist, in no order, deleted ones too: revoked keys still name them. Not
   * limited to a project: only for the ids that a key has.
   */
  findPolicies(ids: readonly string[]): Promise<Policy[]>
  /** Newest first. */
  listPolicies(filter: PageRequest & { scope: Scope; name: string | null }): Promise<Policy[]>
  /** At most `limit` of the keys that have the policy and are not revoked at `now`, in no order. */
  listPolicyKeys(
    id: string,
    now: number,
    limit: number,
  ): Promise<Pick<Key, 'permissions' | 'policyIds'>[]>
  /** How many keys have each of these policies and are not revoked at `now`, by id. */
  countPolicyKeys(ids: readonly string[], now: number): Promise<ReadonlyMap<string, number>>
  updatePolicy(
    policy: Policy,
    expectedRevision: number,
    change: Change,
  ): Promise<WriteOutcome | 'name_taken'>
  /** From then on the policy is found by `findPolicies` only. Refused with `in_use` while a key has it that is not revoked at `now`. */
  deletePolicy(
    policy: Pick<Policy, 'id' | 'projectId'>,
    now: number,
    change: Change,
  ): Promise<WriteOutcome | 'in_use'>
}
