import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, StringEnum, Timestamp } from './json-schema.ts'
import { CursorQuery, Page } from './page.ts'

export const AUDIT_ACTIONS = [
  'project.created',
  'project.updated',
  'project.deleted',
  'key.created',
  'key.imported',
  'key.updated',
  'key.disabled',
  'key.enabled',
  'key.rotated',
  'key.overlap_set',
  'key.revoked',
  'key.quota_set',
  'policy.created',
  'policy.updated',
  'policy.deleted',
  'token.created',
  'token.revoked',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

export const AuditEvent = Type.Object(
  {
    id: Type.Integer({ description: 'Number of the event: 1, 2, 3 ... without gaps.' }),
    at: Timestamp('When the change was made.'),
    action: StringEnum(AUDIT_ACTIONS, { description: 'What was done.' }),
    actor: Type.Object(
      {
        kind: StringEnum(['token', 'local', 'system'], {
          description: 'A management token, a command on the machine itself, or the service.',
        }),
        id: Type.String({ description: 'Id of the token; local or system.' }),
      },
      { description: 'Who did it.' },
    ),
    target: Type.Object(
      {
        kind: StringEnum(['project', 'key', 'policy', 'token'], { description: 'Kind.' }),
        id: Type.String({ description: 'Id.' }),
      },
      { description: 'What was changed.' },
    ),
    project: Nullable(Id('project'), { description: 'Id of the project, or null.' }),
    requestId: Nullable(Type.String(), { description: 'x-request-id of the request, or null.' }),
    details: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What changed, by field; never a secret or a digest.',
    }),
    hash: Type.String({
      description: 'SHA-256 over the event and the hash of the event before it, in hex.',
    }),
  },
  {
    title: 'AuditEvent',
    description: 'One change, written in the same transaction as the change.',
  },
)
export type AuditEvent = Static<typeof AuditEvent>

export const ListAuditEvents = Type.Object(
  {
    ...CursorQuery,
    project: Type.Optional(
      Line({ description: 'Id or name of a project.', minLength: 1, maxLength: 100 }),
    ),
    target: Type.Optional(Id('Id of the key, policy, token or project that was changed.')),
    action: Type.Optional(StringEnum(AUDIT_ACTIONS, { description: 'What was done.' })),
  },
  {
    title: 'ListAuditEvents',
    additionalProperties: false,
    description: 'Filters of the audit log.',
  },
)
export type ListAuditEvents = Static<typeof ListAuditEvents>

export const AuditEventPage = Page(AuditEvent, 'AuditEventPage')
