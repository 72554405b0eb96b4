import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, Text, Timestamp } from './json-schema.ts'
import { Quotas, RateLimits } from './limits.ts'
import { CursorQuery, Page } from './page.ts'
import { AllowedModels, IpAllowlist, KeyPermissions } from './permissions.ts'

/** Policies that a key may have. */
export const MAX_POLICIES = 8

const name = Line({
  description: 'A name for people, unique within the project.',
  minLength: 1,
  maxLength: 100,
  examples: ['developer'],
})
const description = Nullable(Text({ description: 'description', maxLength: 1000 }), {
  description: 'Notes for people.',
})

/** The longest lifetime that a policy or a project may set: 100 years. */
export const MaxLifetimeSeconds = Nullable(
  Type.Integer({ minimum: 60, maximum: 3_153_600_000, description: 'maxLifetimeSeconds' }),
  {
    description:
      'Keys end this long after they were created, whatever their own expiry says; null = unlimited.',
  },
)

const settings = {
  description: Type.Optional(description),
  permissions: Type.Optional(KeyPermissions),
  allowedModels: Type.Optional(AllowedModels),
  ipAllowlist: Type.Optional(IpAllowlist),
  rateLimits: Type.Optional(RateLimits),
  quotas: Type.Optional(Quotas),
  maxLifetimeSeconds: Type.Optional(MaxLifetimeSeconds),
}

export const Policy = Type.Object(
  {
    id: Id('Id of the policy.'),
    project: Id('Id of the project.'),
    name,
    description,
    permissions: KeyPermissions,
    allowedModels: AllowedModels,
    ipAllowlist: IpAllowlist,
    rateLimits: RateLimits,
    quotas: Quotas,
    maxLifetimeSeconds: MaxLifetimeSeconds,
    keys: Type.Integer({ description: 'Number of keys that have it and are not revoked.' }),
    createdAt: Timestamp('When the policy was created.'),
    updatedAt: Timestamp('When the policy was last changed.'),
  },
  {
    title: 'Policy',
    description:
      'Permissions and limits for many keys. Permissions add up; lists of models and addresses are the intersection of all that are set; every limit applies, counted per key; the shortest lifetime counts.',
  },
)
export type Policy = Static<typeof Policy>

export const CreatePolicy = Type.Object(
  {
    name,
    project: Type.Optional(
      Line({
        description:
          'Id or name of the project; default: the project of the token, else the project named default.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    ...settings,
  },
  {
    title: 'CreatePolicy',
    additionalProperties: false,
    description: 'A new policy.',
    examples: [{ name: 'developer', rateLimits: { requests: { limit: 60, windowSeconds: 60 } } }],
  },
)
export type CreatePolicy = Static<typeof CreatePolicy>

export const UpdatePolicy = Type.Object(
  { name: Type.Optional(name), ...settings },
  {
    title: 'UpdatePolicy',
    additionalProperties: false,
    minProperties: 1,
    description: 'The fields to change; absent ones stay. In force from the next verification on.',
  },
)
export type UpdatePolicy = Static<typeof UpdatePolicy>

export const ListPolicies = Type.Object(
  {
    ...CursorQuery,
    project: Type.Optional(
      Line({ description: 'Id or name of a project.', minLength: 1, maxLength: 100 }),
    ),
    name: Type.Optional(Line({ description: 'Exact name.', minLength: 1, maxLength: 100 })),
  },
  {
    title: 'ListPolicies',
    additionalProperties: false,
    description: 'Filters of a list of policies.',
  },
)
export type ListPolicies = Static<typeof ListPolicies>

export const PolicyPage = Page(Policy, 'PolicyPage')
