import type { UpdateProject } from '@keysmith/contract'
import { type Caller, describeChange } from '../audit/change.ts'
import { changedFields } from '../audit/changed-fields.ts'
import type { Deps } from '../keys/deps.ts'
import { requireRevision } from '../keys/edit.ts'
import type { Project } from '../keys/key.ts'
import { refuseSecrets } from '../keys/refuse-secrets.ts'
import { BOUNDS, readBounds } from './bounds.ts'
import { requireBrand, requireNameFree } from './create-project.ts'
import { findProject } from './find-project.ts'

export async function updateProject(
  deps: Deps,
  caller: Caller,
  id: string,
  body: UpdateProject,
  ifMatch: string | undefined,
): Promise<Project> {
  refuseSecrets(body)
  if (body.brand !== undefined) requireBrand(body.brand)
  const present = await findProject(deps, caller.principal, id)
  requireRevision(present, ifMatch)
  const now = deps.now()
  const project: Project = {
    ...present,
    ...body,
    ...readBounds(deps.rules, body, present),
    updatedAt: now,
  }
  const details = changedFields(present, project, [
    'name',
    'brand',
    'enabled',
    'deletionProtection',
    ...BOUNDS,
  ])
  const change = describeChange(caller, {
    at: now,
    action: 'project.updated',
    target: { kind: 'project', id: project.id },
    projectId: project.id,
    details,
  })
  requireNameFree(await deps.store.updateProject(project, present.revision, change))
  return findProject(deps, caller.principal, project.id)
}
