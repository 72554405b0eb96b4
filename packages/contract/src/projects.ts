import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, Text, Timestamp } from './json-schema.ts'
import { CursorQuery, Page } from './page.ts'

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

export const Project = Type.Object(
  {
    id: Id('Id of the project.'),
    name,
    description,
    brand,
    enabled: Type.Boolean({ description: 'False = every key of the project is refused.' }),
    deletionProtection,
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
