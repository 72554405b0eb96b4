import {
  type EffectiveQuota,
  type EffectiveRateLimit,
  effectiveLimits,
  type LimitingProject,
} from '../limits/effective-limits.ts'
import type { Policy } from '../policies/policy.ts'
import { intersectModels, intersectRanges } from './intersect.ts'
import type { Key, Project } from './key.ts'

/** What a verification decides by: the key with its policies and the bounds of its project. */
export interface EffectiveKey {
  permissions: string[]
  allowedModels: string[] | null
  ipAllowlist: string[] | null
  /** Epoch ms; null = never. */
  expiresAt: number | null
  rateLimits: EffectiveRateLimit[]
  quotas: EffectiveQuota[]
}

/** What of a project bounds its keys. */
export type BoundingProject = LimitingProject & Pick<Project, 'maxLifetimeSeconds'>

/**
 * Permissions add up; lists of models and of addresses are the intersection of all that are set; every
 * limit applies; the shortest lifetime counts, from the creation of the key.
 */
export function effectiveKey(
  key: Key,
  found: readonly Policy[],
  project: BoundingProject,
): EffectiveKey {
  const policies = policiesOf(key, found)
  return {
    permissions: allPermissions(key, policies),
    allowedModels: intersectModels([key, ...policies].map((each) => each.allowedModels)),
    ipAllowlist: intersectRanges([key, ...policies].map((each) => each.ipAllowlist)),
    expiresAt: earliestEnd(key, [project, ...policies]),
    ...effectiveLimits(key, policies, project),
  }
}

/**
 * The policies of the key, in its order, out of those that were found.
 *
 * @throws Error when one is missing: the record is broken, and the key may do nothing.
 */
export function policiesOf(
  { id, policyIds }: Pick<Key, 'id' | 'policyIds'>,
  found: readonly Policy[],
): Policy[] {
  return policyIds.map((policyId) => {
    const policy = found.find((each) => each.id === policyId)
    if (!policy) throw new Error(`policy ${policyId} of key ${id} is missing`)
    return policy
  })
}

/** The permissions of a key and of its policies. */
export function allPermissions(
  key: Pick<Key, 'permissions'>,
  policies: readonly Policy[],
): string[] {
  return [...new Set([key, ...policies].flatMap(({ permissions }) => permissions))]
}

function earliestEnd(
  { createdAt, expiresAt }: Key,
  bounds: readonly { maxLifetimeSeconds: number | null }[],
): number | null {
  const ends = bounds.map(({ maxLifetimeSeconds: seconds }) =>
    seconds === null ? null : createdAt + seconds * 1000,
  )
  const set = [expiresAt, ...ends].filter((end) => end !== null)
  return set.length === 0 ? null : Math.min(...set)
}
