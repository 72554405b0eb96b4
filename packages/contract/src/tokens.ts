import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, StringEnum, Timestamp } from './json-schema.ts'
import { CursorQuery, Page } from './page.ts'
import { TokenPermission } from './permissions.ts'

const name = Line({
  description: 'A name for people: what the token is for.',
  minLength: 1,
  maxLength: 100,
  examples: ['terraform'],
})
const permissions = Type.Array(TokenPermission, {
  maxItems: 100,
  uniqueItems: true,
  description:
    'Rights on this API, and the permissions of issued keys that the token may hand out; [] gives no right.',
  examples: [['keys:read', 'keys:write', 'jobs:*']],
})

export const Token = Type.Object(
  {
    id: Id('Public id of the token: part of its secret, safe to print.'),
    name,
    permissions,
    project: Nullable(Id('project'), {
      description: 'Id of the only project it may touch; null = all.',
    }),
    status: StringEnum(['active', 'expired', 'revoked'], { description: 'Whether it works now.' }),
    createdAt: Timestamp('When the token was created.'),
    createdBy: Type.String({ description: 'Id of the token that created it, local or bootstrap.' }),
    expiresAt: Nullable(Timestamp('expiresAt'), {
      description: 'At this time the token no longer works; null = never.',
    }),
    lastUsedAt: Nullable(Timestamp('lastUsedAt'), {
      description: 'Last accepted request, up to a second late.',
    }),
    revokedAt: Nullable(Timestamp('revokedAt'), { description: 'When it was revoked, or null.' }),
  },
  { title: 'Token', description: 'A management token: everything but its secret.' },
)
export type Token = Static<typeof Token>

export const IssuedToken = Type.Object(
  {
    token: Token,
    secret: Type.String({
      description: 'The secret of the token, shown only in this answer.',
      examples: ['ks_root_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3y56oj'],
    }),
  },
  { title: 'IssuedToken', description: 'A management token and its secret.' },
)
export type IssuedToken = Static<typeof IssuedToken>

export const CreateToken = Type.Object(
  {
    name,
    permissions,
    project: Type.Optional(
      Line({
        description:
          'Id or name of the only project it may touch. Default: that of the calling token, else all.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    expiresAt: Type.Optional(
      Nullable(Timestamp('expiresAt'), {
        description: 'Expiry; null or absent = that of the calling token, else never.',
      }),
    ),
    expiresInDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36_500,
        description: 'The expiry as a number of days from now; not together with expiresAt.',
      }),
    ),
  },
  {
    title: 'CreateToken',
    additionalProperties: false,
    description: 'A new management token. It never holds more than the calling token.',
    examples: [{ name: 'gateway', permissions: ['keys:verify'], expiresInDays: 90 }],
  },
)
export type CreateToken = Static<typeof CreateToken>

export const ListTokens = Type.Object(CursorQuery, {
  title: 'ListTokens',
  additionalProperties: false,
  description: 'Paging of a list of tokens.',
})
export type ListTokens = Static<typeof ListTokens>

export const TokenPage = Page(Token, 'TokenPage')
