import type { CreateKey } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import type { Caller } from '../audit/change.ts'
import type { Policy } from '../policies/policy.ts'
import { readAttributes } from './attributes.ts'
import type { Deps } from './deps.ts'
import { readExpiry } from './expiry.ts'
import type { Key, Project } from './key.ts'
import { defaultEnd, lifetimeBounds, requireLifetime } from './lifetime.ts'

/** The record of a new key with every attribute that the body sets, and without a secret. */
export function draftKey(
  { rules }: Deps,
  { principal }: Caller,
  body: CreateKey,
  { project, policies }: { project: Project; policies: readonly Policy[] },
  now: number,
): Omit<Key, 'secrets'> {
  const wished = readExpiry(body, now)
  const bounds = lifetimeBounds(rules, project, policies, { createdAt: now, now })
  const expiresAt = wished === undefined ? defaultEnd(now, rules.defaultDays, bounds) : wished
  requireLifetime(expiresAt, bounds)
  return {
    id: body.id ?? generateId(),
    projectId: project.id,
    environment: body.environment ?? 'live',
    enabled: body.enabled ?? true,
    owner: null,
    description: null,
    permissions: [],
    allowedModels: null,
    ipAllowlist: null,
    rateLimits: {},
    quotas: {},
    policyIds: [],
    metadata: {},
    tags: {},
    notBefore: null,
    rotation: null,
    managedBy: null,
    deletionProtection: false,
    ...readAttributes(body),
    name: body.name,
    expiresAt,
    revoked: null,
    createdAt: now,
    createdBy: principal.id,
    updatedAt: now,
    revision: 1,
  }
}
