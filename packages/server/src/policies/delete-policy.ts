import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import { findPolicy } from './find-policy.ts'

/** Ends a policy that no key has any more, revoked ones apart. */
export async function deletePolicy(deps: Deps, caller: Caller, id: string): Promise<void> {
  const policy = await findPolicy(deps, caller.principal, id)
  const now = deps.now()
  const change = describeChange(caller, {
    at: now,
    action: 'policy.deleted',
    target: { kind: 'policy', id: policy.id },
    projectId: policy.projectId,
    details: { name: policy.name },
  })
  const outcome = await deps.store.deletePolicy(policy, now, change)
  if (outcome === 'in_use') {
    throw new ApiError('policy_in_use', {
      detail: 'Take it from its keys first, or revoke them.',
    })
  }
  requireWritten(outcome)
}
