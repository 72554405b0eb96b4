import type { CreateProject, UpdateProject } from '@keysmith/contract'
import { isReserved } from '../access/permissions.ts'
import { ApiError, invalidField } from '../errors.ts'
import type { KeyRules } from '../keys/deps.ts'
import type { Project } from '../keys/key.ts'

/** What a project says about its keys besides their name. */
export type Bounds = Pick<
  Project,
  | 'defaultRateLimits'
  | 'defaultQuotas'
  | 'maxLifetimeSeconds'
  | 'models'
  | 'specialPermissions'
  | 'allowedDelivery'
  | 'reservationExpiry'
>

/** The bounds of a project that sets none. */
export const NO_BOUNDS: Bounds = {
  defaultRateLimits: {},
  defaultQuotas: {},
  maxLifetimeSeconds: null,
  models: [],
  specialPermissions: [],
  allowedDelivery: null,
  reservationExpiry: 'released',
}

export const BOUNDS = Object.keys(NO_BOUNDS) as (keyof Bounds)[]

const DAY_SECONDS = 86_400

/** The bounds of a new project: those that the body sets, else those that projects start with. */
export function newBounds(rules: KeyRules, body: CreateProject): Bounds {
  return readBounds(rules, body, { ...NO_BOUNDS, ...rules.newProject })
}

/** The bounds after a body: what it leaves out stays, null is a value. */
export function readBounds(
  rules: KeyRules,
  body: CreateProject | UpdateProject,
  present: Bounds,
): Bounds {
  if (body.maxLifetimeSeconds != null) requireNotWider(rules, body.maxLifetimeSeconds)
  if (body.specialPermissions) requireCatalogue(body.specialPermissions)
  return {
    defaultRateLimits: body.defaultRateLimits ?? present.defaultRateLimits,
    defaultQuotas: body.defaultQuotas ?? present.defaultQuotas,
    maxLifetimeSeconds:
      body.maxLifetimeSeconds === undefined ? present.maxLifetimeSeconds : body.maxLifetimeSeconds,
    models: body.models ?? present.models,
    specialPermissions: body.specialPermissions ?? present.specialPermissions,
    allowedDelivery:
      body.allowedDelivery === undefined ? present.allowedDelivery : body.allowedDelivery,
    reservationExpiry: body.reservationExpiry ?? present.reservationExpiry,
  }
}

/** A project may be stricter than the installation, never wider. */
function requireNotWider({ maxDays }: KeyRules, seconds: number): void {
  if (maxDays === null || seconds <= maxDays * DAY_SECONDS) return
  throw new ApiError('policy_violation', {
    detail: `Keys of this installation must expire within ${maxDays} days, and a project cannot allow more. Set maxLifetimeSeconds to at most ${maxDays * DAY_SECONDS}, or to null.`,
  })
}

function requireCatalogue(entries: Bounds['specialPermissions']): void {
  for (const [index, { name }] of entries.entries()) {
    if (isReserved(name)) {
      throw invalidField(
        `specialPermissions/${index}/name`,
        'this prefix is a right on the management API, which keys cannot hold; choose another',
      )
    }
    if (entries.findIndex((entry) => entry.name === name) !== index) {
      throw invalidField(
        `specialPermissions/${index}/name`,
        'this permission is in the list already; name each once',
      )
    }
  }
}
