import {
  type EffectiveQuota,
  type EffectiveRateLimit,
  effectiveLimits,
  type LimitingProject,
} from '../limits/effective-limits.ts'
import type { Policy } from '../policies/policy.ts'
import { coversRange } from './address-list.ts'
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
 * limit applies; the shortest lifetime counts, from the creation of the key. A policy that is missing is
 * a broken record, and the key may do nothing.
 */
export function effectiveKey(
  key: Key,
  found: readonly Policy[],
  project: BoundingProject,
): EffectiveKey {
  const policies = key.policyIds.map((id) => {
    const policy = found.find((each) => each.id === id)
    if (!policy) throw new Error(`policy ${id} of key ${key.id} is missing`)
    return policy
  })
  return {
    permissions: [...new Set([key, ...policies].flatMap(({ permissions }) => permissions))],
    allowedModels: intersect(
      [key, ...policies].map((each) => each.allowedModels),
      narrowerModel,
    ),
    ipAllowlist: intersect(
      [key, ...policies].map((each) => each.ipAllowlist),
      narrowerRange,
    ),
    expiresAt: earliestEnd(key, [project, ...policies]),
    ...effectiveLimits(key, policies, project),
  }
}

/** What each of the lists that are set allows; null when none is set. Entries of the lists themselves. */
function intersect(
  lists: readonly (readonly string[] | null)[],
  narrower: (a: string, b: string) => string | null,
): string[] | null {
  const set = lists.filter((list) => list !== null)
  const [first, ...rest] = set
  if (!first) return null
  return rest.reduce<string[]>(
    (allowed, list) => {
      const both = allowed.flatMap((a) => list.map((b) => narrower(a, b)))
      return [...new Set(both.filter((entry) => entry !== null))]
    },
    [...first],
  )
}

/** What both patterns allow: the narrower one where it lies in the other, else nothing. */
function narrowerModel(a: string, b: string): string | null {
  if (coversModel(a, b)) return b
  return coversModel(b, a) ? a : null
}

function coversModel(wide: string, narrow: string): boolean {
  return wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)))
}

/** Of two normalised ranges the one that lies in the other: ranges never overlap in part. */
function narrowerRange(a: string, b: string): string | null {
  if (coversRange(a, b)) return b
  return coversRange(b, a) ? a : null
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
