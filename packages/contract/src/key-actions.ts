import { type Static, Type } from 'typebox'
import { Id, Line, Seconds, SecretSha256 } from './json-schema.ts'
import { MAX_OVERLAP_SECONDS } from './keys.ts'
import { Amount, LimitName } from './limits.ts'

export const RevokeKey = Type.Object(
  {
    reason: Type.Optional(
      Line({ description: 'Why, for the audit log.', minLength: 1, maxLength: 200 }),
    ),
    afterSeconds: Type.Optional(
      Seconds({
        description: 'Revoke this long from now. Default 0: at once.',
        maximum: 2_592_000,
      }),
    ),
    overrideProtection: Type.Optional(
      Type.Boolean({
        description:
          'Revoke although deletion protection is on; needs the permission keys:override_protection.',
      }),
    ),
  },
  { title: 'RevokeKey', additionalProperties: false, description: 'How to revoke a key.' },
)
export type RevokeKey = Static<typeof RevokeKey>

export const RotateKey = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Seconds({
        description:
          'How long the present secret goes on working; 0 ends all older secrets. Default: that of the key, else 24 hours.',
        maximum: MAX_OVERLAP_SECONDS,
      }),
    ),
    replaces: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          'Version of the present secret when its answer was lost: it ends at once, and the older secret keeps its end.',
      }),
    ),
    id: Type.Optional(
      Id('The id inside the secret that the caller minted; must be that of the key.'),
    ),
    secretSha256: Type.Optional(SecretSha256),
  },
  {
    title: 'RotateKey',
    additionalProperties: false,
    description:
      'How to rotate a key. There is no field for rights: a rotation never changes them.',
  },
)
export type RotateKey = Static<typeof RotateKey>

export const SetOverlap = Type.Object(
  {
    overlapSeconds: Seconds({
      description: 'The older secret ends this long from now; 0 = now.',
      maximum: MAX_OVERLAP_SECONDS,
    }),
  },
  {
    title: 'SetOverlap',
    additionalProperties: false,
    description: 'Moves the end of the older secret while an overlap runs.',
  },
)
export type SetOverlap = Static<typeof SetOverlap>

export const SetQuotaUsed = Type.Object(
  {
    name: LimitName,
    used: Amount,
    policyId: Type.Optional(
      Id(
        'The policy whose quota is meant; default: the quota of the key itself, else of the project.',
      ),
    ),
  },
  {
    title: 'SetQuotaUsed',
    additionalProperties: false,
    description:
      'Sets what counts as used in the present period. Reservations that are open no longer hold anything.',
    examples: [{ name: 'credits', used: 0 }],
  },
)
export type SetQuotaUsed = Static<typeof SetQuotaUsed>
