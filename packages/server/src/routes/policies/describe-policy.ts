import type { Policy as WirePolicy } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import type { Policy } from '../../policies/policy.ts'
import { presentPolicy } from '../present.ts'

/** The policy on the wire, with the number of its keys. */
export async function describePolicy(
  { store, now }: Pick<Deps, 'store' | 'now'>,
  policy: Policy,
): Promise<WirePolicy> {
  const keys = await store.countPolicyKeys([policy.id], now())
  return presentPolicy(policy, keys.get(policy.id) ?? 0)
}
