import type { Replay } from '../../plugins/idempotency.ts'
import { findProject } from '../../projects/find-project.ts'
import { presentProject } from '../present.ts'

/** The project as it is now: the answer to a repeated create. */
export const replayProject: Replay = async (deps, { principal }, { targetId }) =>
  presentProject(await findProject(deps, principal, targetId))
