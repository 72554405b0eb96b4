import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, StringEnum, Timestamp } from './json-schema.ts'

export const Meta = Type.Object(
  {
    version: Type.String({ description: 'Version of the service.' }),
    instanceId: Id('Id of this installation.'),
    time: Timestamp('Time of the server.'),
    features: Type.Array(Type.String(), { description: 'What this version can do.' }),
    limits: Type.Object(
      {
        maxPageSize: Type.Integer({ description: 'Largest limit of a list.' }),
        maxBodyBytes: Type.Integer({ description: 'Largest body of a request.' }),
        maxLeaseMs: Type.Integer({ description: 'Longest lease of a verdict.' }),
        keyMaxDays: Nullable(Type.Integer(), {
          description: 'Longest lifetime of a key in days; null = unlimited.',
        }),
        keyDefaultDays: Nullable(Type.Integer(), {
          description: 'Lifetime of a key that names none; null = it never expires.',
        }),
      },
      { description: 'Bounds of this installation.' },
    ),
    brand: Type.String({
      description:
        'First part of new secrets in the project that was asked about; without one, in the project of the token, else in the default project.',
    }),
    precheck: StringEnum(['on', 'off'], {
      description:
        'off when the project that was asked about (without one: a visible project) holds imported keys, whose strings have any shape.',
    }),
    rotationsDue: Type.Integer({ description: 'Number of visible keys with a rotation due.' }),
  },
  { title: 'Meta', description: 'Facts about this installation.' },
)
export type Meta = Static<typeof Meta>

export const MetaQuery = Type.Object(
  {
    project: Type.Optional(
      Line({
        description: 'Id or name of the project that brand and precheck are about.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
  },
  { title: 'MetaQuery', additionalProperties: false, description: 'What the facts are about.' },
)
export type MetaQuery = Static<typeof MetaQuery>

export const Whoami = Type.Object(
  {
    id: Type.String({ description: 'Id of the calling token.' }),
    name: Type.String({ description: 'Its name.' }),
    kind: StringEnum(['token', 'local'], {
      description: 'A management token, or a command on the machine itself.',
    }),
    permissions: Type.Array(Type.String(), { description: 'What it holds.' }),
    project: Nullable(Id('project'), {
      description: 'Id of the only project it may touch; null = all.',
    }),
    expiresAt: Nullable(Timestamp('expiresAt'), { description: 'Its expiry; null = never.' }),
  },
  { title: 'Whoami', description: 'Who is calling, and with which rights.' },
)
export type Whoami = Static<typeof Whoami>

export const Ready = Type.Object(
  {
    ready: Type.Boolean({ description: 'True when requests are served.' }),
    storage: StringEnum(['ok', 'unavailable'], { description: 'State of the storage.' }),
    draining: Type.Boolean({ description: 'True while the process stops.' }),
  },
  { title: 'Ready', description: 'Whether the service takes requests.' },
)

export const Live = Type.Object(
  { live: Type.Boolean({ description: 'Always true: the event loop turns.' }) },
  { title: 'Live', description: 'The process is alive.' },
)
