import type { Quota, QuotaPeriod, RateLimit } from '@keysmith/contract'
import type { Key, Project } from '../keys/key.ts'
import type { Policy } from '../policies/policy.ts'

/** What sets a limit. Each source counts for itself, per key. */
export interface LimitSource {
  kind: 'key' | 'policy' | 'project'
  id: string
}

export interface EffectiveRateLimit extends RateLimit {
  name: string
  source: LimitSource
}

export interface EffectiveQuota {
  name: string
  source: LimitSource
  limit: number
  period: QuotaPeriod
}

interface Limits {
  rateLimits: Record<string, RateLimit>
  quotas: Record<string, Quota>
}

/** What of a project the limits of its keys depend on. */
export type LimitingProject = Pick<Project, 'id' | 'defaultRateLimits' | 'defaultQuotas'>

/** Every limit that applies to the key: its own and those of its policies, else the project's defaults. */
export function effectiveLimits(key: Key, policies: readonly Policy[], project: LimitingProject) {
  const sources: [LimitSource, Limits][] = [
    [{ kind: 'key', id: key.id }, key],
    ...policies.map((policy): [LimitSource, Limits] => [{ kind: 'policy', id: policy.id }, policy]),
  ]
  const rateLimits = sources.flatMap(([source, set]) => named(source, set.rateLimits))
  const quotas = sources.flatMap(([source, set]) => named(source, set.quotas))
  const byDefault: LimitSource = { kind: 'project', id: project.id }
  return {
    rateLimits: rateLimits.length > 0 ? rateLimits : named(byDefault, project.defaultRateLimits),
    quotas: quotas.length > 0 ? quotas : named(byDefault, project.defaultQuotas),
  }
}

function named<Limit>(source: LimitSource, limits: Record<string, Limit>) {
  return Object.entries(limits).map(([name, limit]) => ({ name, source, ...limit }))
}
