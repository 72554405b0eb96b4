import { describeKey } from '../../keys/describe-keys.ts'
import { findKey } from '../../keys/edit.ts'
import type { Replay } from '../../plugins/idempotency.ts'
import { presentKey } from '../present.ts'

/** The key as it is now: the answer to a repeated change of a key. */
export const replayKey: Replay = async (deps, caller, { targetId }) =>
  presentKey(await describeKey(deps, await findKey(deps, caller, targetId)), deps.now())

/** As `replayKey`, for the answers that could hold a secret and here hold none. */
export const replayIssuedKey: Replay = async (deps, caller, record) => ({
  key: await replayKey(deps, caller, record),
})
