import type { CreateKey } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import type { Caller } from '../audit/change.ts'
import { readAttributes } from './attributes.ts'
import type { Deps } from './deps.ts'
import { daysFrom, readExpiry, requireLifetime } from './expiry.ts'
import type { Key, Project } from './key.ts'

/** The record of a new key with every attribute that the body sets, and without a secret. */
export function draftKey(
  { rules }: Deps,
  { principal }: Caller,
  body: CreateKey,
  project: Project,
  now: number,
): Omit<Key, 'secrets'> {
  const wished = readExpiry(body, now)
  const expiresAt = wished === undefined ? daysFrom(now, rules.defaultDays) : wished
  requireLifetime(expiresAt, now, rules.maxDays)
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
