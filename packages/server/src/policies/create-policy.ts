import type { CreatePolicy } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import { findProject } from '../projects/find-project.ts'
import type { Policy } from './policy.ts'
import { readSettings } from './settings.ts'

/** Creates a policy. Its creator holds its permissions: it can be given to keys. */
export async function createPolicy(
  deps: Deps,
  caller: Caller,
  body: CreatePolicy,
): Promise<Policy> {
  const settings = readSettings(body)
  const project = await findProject(deps, caller.principal, body.project)
  const now = deps.now()
  const policy: Policy = {
    id: generateId(),
    projectId: project.id,
    description: null,
    permissions: [],
    allowedModels: null,
    ipAllowlist: null,
    rateLimits: {},
    quotas: {},
    maxLifetimeSeconds: null,
    ...settings,
    name: body.name,
    createdAt: now,
    createdBy: caller.principal.id,
    updatedAt: now,
    revision: 1,
  }
  requireHeld(caller.principal, policy.permissions)
  const { name: _name, description: _description, ...authority } = settings
  const change = describeChange(caller, {
    at: now,
    action: 'policy.created',
    target: { kind: 'policy', id: policy.id },
    projectId: project.id,
    details: { name: policy.name, ...authority },
  })
  requireNameFree(await deps.store.insertPolicy(policy, change))
  return policy
}

export function requireNameFree(outcome: Awaited<ReturnType<Deps['store']['insertPolicy']>>): void {
  if (outcome === 'name_taken') {
    throw new ApiError('name_taken', {
      detail: 'Another policy of the project has this name. Choose another.',
    })
  }
  requireWritten(outcome)
}
