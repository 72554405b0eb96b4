import type { CreateProject } from '@keysmith/contract'
import { generateId, isBrand } from '@keysmith/key-format'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError, invalidField } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import type { Project } from '../keys/key.ts'
import { refuseSecrets } from '../keys/refuse-secrets.ts'
import { BOUNDS, newBounds } from './bounds.ts'

export async function createProject(
  deps: Deps,
  caller: Caller,
  body: CreateProject,
): Promise<Project> {
  requireAllProjects(caller)
  refuseSecrets(body)
  const brand = body.brand ?? deps.rules.brand
  requireBrand(brand)
  const bounds = newBounds(deps.rules, body)
  const now = deps.now()
  const project: Project = {
    id: generateId(),
    name: body.name,
    description: body.description ?? null,
    brand,
    enabled: true,
    deletionProtection: body.deletionProtection ?? true,
    ...bounds,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  }
  const change = describeChange(caller, {
    at: now,
    action: 'project.created',
    target: { kind: 'project', id: project.id },
    projectId: project.id,
    details: { name: project.name, brand, ...givenBounds(body) },
  })
  requireNameFree(await deps.store.insertProject(project, change))
  return project
}

/** The bounds that the body sets, for the audit log. */
function givenBounds(body: CreateProject): Partial<CreateProject> {
  const given = BOUNDS.filter((bound) => body[bound] !== undefined)
  return Object.fromEntries(given.map((bound) => [bound, body[bound]]))
}

/** A token of one project cannot make another. */
function requireAllProjects({ principal }: Caller): void {
  if (principal.projectId === null) return
  throw new ApiError('missing_permission', {
    detail: 'The calling token is bound to one project. Use one that is not.',
  })
}

export function requireBrand(brand: string): void {
  if (!isBrand(brand)) {
    throw invalidField('brand', 'this brand is reserved for documentation; choose another')
  }
}

export function requireNameFree(
  outcome: Awaited<ReturnType<Deps['store']['insertProject']>>,
): void {
  if (outcome === 'name_taken') {
    throw new ApiError('name_taken', { detail: 'Another project has this name. Choose another.' })
  }
  requireWritten(outcome)
}
