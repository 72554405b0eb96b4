import type { Policy } from '../policies/policy.ts'
import type { Change, PageRequest, Scope, WriteOutcome } from './key-store.ts'

export interface PolicyStore {
  insertPolicy(policy: Policy, change: Change): Promise<WriteOutcome | 'name_taken'>
  getPolicy(id: string, scope: Scope): Promise<Policy | null>
  /** Those of these ids that exist, in no order. Not limited to a project: the caller compares. */
  findPolicies(ids: readonly string[]): Promise<Policy[]>
  /** Newest first. */
  listPolicies(filter: PageRequest & { scope: Scope; name: string | null }): Promise<Policy[]>
  /** How many keys have each of these policies and are not revoked at `now`, by id. */
  countPolicyKeys(ids: readonly string[], now: number): Promise<ReadonlyMap<string, number>>
  updatePolicy(
    policy: Policy,
    expectedRevision: number,
    change: Change,
  ): Promise<WriteOutcome | 'name_taken'>
  /** Refused with `in_use` while a key has it that is not revoked at `now`. */
  deletePolicy(
    policy: Pick<Policy, 'id' | 'projectId'>,
    now: number,
    change: Change,
  ): Promise<WriteOutcome | 'in_use'>
}
