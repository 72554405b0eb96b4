import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, StringEnum, Text, Timestamp } from './json-schema.ts'
import { DefaultQuotas, DefaultRateLimits } from './limits.ts'
import { CursorQuery, Page } from './page.ts'
import { KeyPermission, ModelPattern } from './permissions.ts'
import { MaxLifetimeSeconds } from './policies.ts'

const name = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$',
  minLength: 1,
  maxLength: 63,
  description: 'Unique name: lower-case letters, digits, dot, hyphen and underscore.',
  examples: ['payments'],
})
const description = Nullable(Text({ description: 'description', maxLength: 1000 }), {
  description: 'Notes for people.',
})
const brand = Type.String({
  pattern: '^[a-z][a-z0-9]{1,11}$',
  description:
    'First part of the secrets of this project. A change affects secrets issued from then on.',
  examples: ['ks'],
})
const deletionProtection = Type.Boolean({
  description: 'Refuses deletion until it is switched off. Default true.',
})

/** How a secret may reach its place from Terraform; `own` = the secret was made elsewhere. */
export const DELIVERY_MODES = ['sealed', 'handoff', 'state', 'none', 'own'] as const

const SpecialPermission = Type.Object(
  {
    name: KeyPermission,
    label: Line({ description: 'What people read.', minLength: 1, maxLength: 100 }),
  },
  {
    title: 'SpecialPermission',
    additionalProperties: false,
    description: 'A permission that forms offer by its label.',
    examples: [{ name: 'device:priority', label: 'Priority over my device' }],
  },
)

const bounds = {
  defaultRateLimits: DefaultRateLimits,
  defaultQuotas: DefaultQuotas,
  maxLifetimeSeconds: MaxLifetimeSeconds,
  models: Type.Array(ModelPattern, {
    maxItems: 200,
    uniqueItems: true,
    description:
      'The AI models that exist, for forms. A key may name others: the answer warns. Empty = nothing is said about models.',
  }),
  specialPermissions: Type.Array(SpecialPermission, {
    maxItems: 50,
    description: 'The catalogue of special permissions, for forms.',
  }),
  allowedDelivery: Nullable(
    Type.Array(StringEnum(DELIVERY_MODES, { description: 'A way of delivery.' }), {
      uniqueItems: true,
      minItems: 1,
    }),
    { description: 'The ways in which Terraform may deliver secrets; null = all.' },
  ),
  reservationExpiry: StringEnum(['released', 'charged'], {
    description:
      'What becomes of a reservation that is neither settled nor released in time. Default released.',
  }),
}
const editableBounds = {
  defaultRateLimits: Type.Optional(bounds.defaultRateLimits),
  defaultQuotas: Type.Optional(bounds.defaultQuotas),
  maxLifetimeSeconds: Type.Optional(bounds.maxLifetimeSeconds),
  models: Type.Optional(bounds.models),
  specialPermissions: Type.Optional(bounds.specialPermissions),
  allowedDelivery: Type.Optional(bounds.allowedDelivery),
  reservationExpiry: Type.Optional(bounds.reservationExpiry),
}

export const Project = Type.Object(
  {
    id: Id('Id of the project.'),
    name,
    description,
    brand,
    enabled: Type.Boolean({ description: 'False = every key of the project is refused.' }),
    deletionProtection,
    ...bounds,
    createdAt: Timestamp('When the project was created.'),
    updatedAt: Timestamp('When the project was last changed.'),
  },
  { title: 'Project', description: 'A namespace of keys.' },
)
export type Project = Static<typeof Project>

export const CreateProject = Type.Object(
  {
    name,
    description: Type.Optional(description),
    brand: Type.Optional(brand),
    deletionProtection: Type.Optional(deletionProtection),
    ...editableBounds,
  },
  {
    title: 'CreateProject',
    additionalProperties: false,
    description: 'A new project.',
    examples: [{ name: 'payments' }],
  },
)
export type CreateProject = Static<typeof CreateProject>

export const UpdateProject = Type.Object(
  {
    name: Type.Optional(name),
    description: Type.Optional(description),
    brand: Type.Optional(brand),
    enabled: Type.Optional(
      Type.Boolean({
        description: 'False refuses every key of the project from the next request on.',
      }),
    ),
    deletionProtection: Type.Optional(deletionProtection),
    ...editableBounds,
  },
  {
    title: 'UpdateProject',
    additionalProperties: false,
    minProperties: 1,
    description: 'The fields to change; absent ones stay.',
  },
)
export type UpdateProject = Static<typeof UpdateProject>

export const ListProjects = Type.Object(
  {
    ...CursorQuery,
    name: Type.Optional(Line({ description: 'Exact name.', minLength: 1, maxLength: 63 })),
  },
  {
    title: 'ListProjects',
    additionalProperties: false,
    description: 'Filters of a list of projects.',
  },
)
export type ListProjects = Static<typeof ListProjects>

export const ProjectPage = Page(Project, 'ProjectPage')
