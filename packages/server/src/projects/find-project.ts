import type { Principal } from '../access/principal.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import type { Project } from '../keys/key.ts'

/** Name of the project that every installation starts with. */
export const DEFAULT_PROJECT = 'default'

/**
 * The project that a request names by id or name; without one that of the token, else the default one.
 * Absent and foreign look the same.
 */
export async function findProject(
  { store }: Pick<Deps, 'store'>,
  principal: Principal,
  idOrName: string | undefined,
): Promise<Project> {
  const wanted = idOrName ?? principal.projectId ?? DEFAULT_PROJECT
  const project = await store.findProject(wanted, principal.projectId)
  if (!project) throw projectNotFound()
  return project
}

/** What a list may show: the named project, else all that the token may see. */
export async function findScope(
  deps: Pick<Deps, 'store'>,
  principal: Principal,
  idOrName: string | undefined,
): Promise<string | null> {
  if (idOrName === undefined) return principal.projectId
  return (await findProject(deps, principal, idOrName)).id
}

function projectNotFound(): ApiError {
  return new ApiError('project_not_found', {
    detail: 'No project of this id or name is visible to the calling token.',
  })
}
