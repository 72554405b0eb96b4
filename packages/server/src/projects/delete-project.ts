import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import { findProject } from './find-project.ts'

/** Ends a project for ever. Its records stay for the audit log; nothing of it is found any more. */
export async function deleteProject(deps: Deps, caller: Caller, id: string): Promise<void> {
  const project = await findProject(deps, caller.principal, id)
  if (project.deletionProtection) {
    throw new ApiError('deletion_protected', {
      detail: 'Set deletionProtection to false first, then delete the project.',
    })
  }
  const now = deps.now()
  const change = describeChange(caller, {
    at: now,
    action: 'project.deleted',
    target: { kind: 'project', id: project.id },
    projectId: project.id,
    details: { name: project.name },
  })
  const outcome = await deps.store.deleteProject(project, now, change)
  if (outcome === 'in_use') {
    throw new ApiError('project_in_use', {
      detail: 'Revoke its keys first, or wait until they expire.',
    })
  }
  requireWritten(outcome)
}
