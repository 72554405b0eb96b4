import { ApiError } from '../errors.ts'
import type { Policy } from '../policies/policy.ts'
import type { KeyRules } from './deps.ts'
import { daysFrom } from './expiry.ts'
import type { Project } from './key.ts'

const DAY_SECONDS = 86_400

/** The latest end that a key may be given, who says so, and the fix for a later one. */
export interface LifetimeBound {
  endsAt: number
  rule: string
  fix: string
}

/**
 * What bounds the end of a key: the installation from the moment of the change on, project and policies
 * from the creation of the key on.
 */
export function lifetimeBounds(
  { maxDays }: Pick<KeyRules, 'maxDays'>,
  project: Pick<Project, 'name' | 'maxLifetimeSeconds'>,
  policies: readonly Policy[],
  { createdAt, now }: { createdAt: number; now: number },
): LifetimeBound[] {
  const ofInstallation = daysFrom(now, maxDays)
  const sources = [
    { whose: `of the project ${project.name}`, ...project },
    ...policies.map((policy) => ({ whose: `with the policy "${policy.name}"`, ...policy })),
  ]
  return [
    ...(ofInstallation === null
      ? []
      : [
          {
            endsAt: ofInstallation,
            rule: `Keys of this installation must expire within ${maxDays} days.`,
            fix: `Set expiresInDays to at most ${maxDays}.`,
          },
        ]),
    ...sources.flatMap(({ whose, maxLifetimeSeconds: seconds }) => {
      if (seconds === null) return []
      const endsAt = createdAt + seconds * 1000
      const rule = `Keys ${whose} must expire within ${lifetimeText(seconds)} of their creation.`
      return { endsAt, rule, fix: `Set expiresAt to at most ${new Date(endsAt).toISOString()}.` }
    }),
  ]
}

/** Throws unless the key ends in time for each of them. */
export function requireLifetime(expiresAt: number | null, bounds: readonly LifetimeBound[]): void {
  const broken = bounds.filter(({ endsAt }) => expiresAt === null || expiresAt > endsAt)
  const [shortest] = broken.toSorted((a, b) => a.endsAt - b.endsAt)
  if (!shortest) return
  throw new ApiError('policy_violation', { detail: `${shortest.rule} ${shortest.fix}` })
}

/** The end of a key that names none: after the default days, or sooner by the shortest bound. */
export function defaultEnd(
  now: number,
  defaultDays: number | null,
  bounds: readonly LifetimeBound[],
): number | null {
  const byDefault = daysFrom(now, defaultDays)
  const ends = [...(byDefault === null ? [] : [byDefault]), ...bounds.map(({ endsAt }) => endsAt)]
  return ends.length === 0 ? null : Math.min(...ends)
}

function lifetimeText(seconds: number): string {
  return seconds % DAY_SECONDS === 0 ? `${seconds / DAY_SECONDS} days` : `${seconds} seconds`
}
