import { type Static, Type } from 'typebox'
import { Id, Nullable, StringEnum, Timestamp } from './json-schema.ts'
import { Environment } from './keys.ts'
import { Amount, Cost, LIMIT_NAME_PATTERN, MAX_LIMITS } from './limits.ts'
import { EffectiveModels, EffectivePermissions, PermissionName } from './permissions.ts'
import { DEFAULT_RESERVE_SECONDS, MAX_RESERVE_SECONDS } from './reservations.ts'

/**
 * Every code a verdict can have, in the order of the checks. The first check that fails names the
 * code; treat a code you do not know as not valid.
 */
export const VERDICT_CODES = {
  valid: 'The key is good for this request.',
  malformed: 'Not a secret of this format: wrong length, shape or checksum.',
  unknown: 'No such secret in the projects that the calling token may see.',
  revoked: 'The key was revoked.',
  disabled: 'The key or its project is disabled.',
  not_yet_valid: 'The key is not valid before its notBefore.',
  expired: 'The key has expired, or the overlap of this older secret has ended.',
  ip_required: 'The key has an address list and the request names no address.',
  ip_not_allowed: 'The address is not on the list of the key.',
  missing_permission: 'The key lacks a permission that was asked for.',
  model_required: 'The key is restricted to models and the request does not name one.',
  model_not_allowed: 'The model is not on the list of the key.',
  rate_limited: 'A rate limit of the key is used up for now.',
  quota_exhausted: 'A quota of the key does not have that much left.',
} as const

export type VerdictCode = keyof typeof VERDICT_CODES

export const VerifyRequest = Type.Object(
  {
    secret: Type.String({ description: 'The whole secret that was presented.' }),
    permissions: Type.Optional(
      Type.Array(PermissionName, {
        maxItems: 100,
        description: 'Permissions that the request needs; the key must hold every one.',
      }),
    ),
    model: Type.Optional(
      Nullable(Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9._:/-]+$' }), {
        description:
          'The model that the request uses; null = the request uses none. Left out, a key that is restricted to models is refused.',
      }),
    ),
    ip: Type.Optional(
      Nullable(Type.String({ minLength: 2, maxLength: 45, pattern: '^[0-9A-Fa-f.:]+$' }), {
        description:
          'Address of the end user; null = not applicable. Left out, a key with an address list is refused.',
      }),
    ),
    cost: Type.Optional(Cost),
    reserve: Type.Optional(
      Type.Record(Type.String({ pattern: LIMIT_NAME_PATTERN }), Amount, {
        maxProperties: MAX_LIMITS,
        minProperties: 1,
        additionalProperties: false,
        description:
          'Amounts to hold until the real cost is known: settle or release the reservationId of the verdict. Not together with the same name in cost.',
        examples: [{ tokens: 4000 }],
      }),
    ),
    reserveSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_RESERVE_SECONDS,
        description: `How long the reservation holds. Default ${DEFAULT_RESERVE_SECONDS}.`,
      }),
    ),
  },
  {
    title: 'VerifyRequest',
    additionalProperties: false,
    description: 'The question: is this secret good for this request?',
    examples: [
      {
        secret: 'ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2',
        permissions: ['jobs:write'],
        model: 'llama-3.3-70b',
      },
    ],
  },
)
export type VerifyRequest = Static<typeof VerifyRequest>

export const VerifiedKey = Type.Object(
  {
    id: Id('Public id of the key.'),
    name: Type.String({ description: 'Name of the key.' }),
    owner: Nullable(Type.String(), { description: 'Whom the key is for.' }),
    project: Id('Id of the project.'),
    environment: Environment,
    permissions: EffectivePermissions,
    allowedModels: EffectiveModels,
    metadata: Type.Record(Type.String(), Type.String(), {
      description: 'The metadata of the key.',
    }),
    expiresAt: Nullable(Timestamp('expiresAt'), {
      description: 'When the key ends, by itself, its policies or its project; null = never.',
    }),
  },
  { title: 'VerifiedKey', description: 'Facts of the key that was presented.' },
)
export type VerifiedKey = Static<typeof VerifiedKey>

export const Verdict = Type.Object(
  {
    valid: Type.Boolean({ description: 'True exactly when code is valid.' }),
    code: StringEnum(Object.keys(VERDICT_CODES) as [VerdictCode, ...VerdictCode[]], {
      description: 'The answer of the first check that decides.',
    }),
    key: Type.Optional(VerifiedKey),
    remaining: Type.Optional(
      Type.Record(Type.String(), Type.Integer(), {
        description:
          'With valid, for a key with quotas: what is left of each, by name, after this request; of two quotas of a name the smaller rest.',
      }),
    ),
    reservationId: Type.Optional(
      Id('With valid and reserve: the reservation to settle or release.'),
    ),
    rateLimit: Type.Optional(
      Type.String({ description: 'With rate_limited: the name of the limit.' }),
    ),
    retryAfterMs: Type.Optional(
      Nullable(Type.Integer(), {
        description:
          'With rate_limited: after this time the same request passes, if nothing else comes before; null = never, because it costs more than the limit.',
      }),
    ),
    quota: Type.Optional(
      Type.String({ description: 'With quota_exhausted: the name of the quota.' }),
    ),
    resetsAt: Type.Optional(
      Nullable(Timestamp('resetsAt'), {
        description: 'With quota_exhausted: when the quota starts again; null = never.',
      }),
    ),
    leaseMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description:
          'With valid: how long the facts of the key may be remembered, counted from the sending of the request. 0 for a key with an address list, a rate limit or a quota.',
      }),
    ),
  },
  {
    title: 'Verdict',
    description:
      'The answer of a verification. key is present from ip_required on and with valid; never when the secret was not accepted.',
  },
)
export type Verdict = Static<typeof Verdict>
