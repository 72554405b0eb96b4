import type { Replay } from '../../plugins/idempotency.ts'
import { findPolicy } from '../../policies/find-policy.ts'
import { describePolicy } from './describe-policy.ts'

/** The policy as it is now: the answer to a repeated create. */
export const replayPolicy: Replay = async (deps, { principal }, { targetId }) =>
  describePolicy(deps, await findPolicy(deps, principal, targetId))
