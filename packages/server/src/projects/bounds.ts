import type { CreateProject, UpdateProject } from '@keysmith/contract'
import type { Project } from '../keys/key.ts'

/** What a project says about its keys besides their name. */
type Bounds = Pick<
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
  specialPermissions: [{ name: 'device:priority', label: 'Priority over my device' }],
  allowedDelivery: null,
  reservationExpiry: 'released',
}

/** The bounds that a body sets, with those of a new project for the rest. */
export function readBounds(
  body: CreateProject | UpdateProject,
  present: Bounds = NO_BOUNDS,
): Bounds {
  const names = Object.keys(NO_BOUNDS) as (keyof Bounds)[]
  const entries = names.map((name) => [name, body[name] === undefined ? present[name] : body[name]])
  return Object.fromEntries(entries) as Bounds
}
