import { type Static, Type } from 'typebox'
import {
  Id,
  Line,
  Nullable,
  Seconds,
  SecretSha256,
  StringEnum,
  Text,
  Timestamp,
} from './json-schema.ts'
import { EffectiveQuota, EffectiveRateLimit, KeyQuota, Quotas, RateLimits } from './limits.ts'
import { CursorQuery, Page } from './page.ts'
import {
  AllowedModels,
  EffectiveAddresses,
  EffectiveModels,
  EffectivePermissions,
  IpAllowlist,
  KeyPermissions,
} from './permissions.ts'
import { MAX_POLICIES } from './policies.ts'

/** The longest time an old secret may go on working after a rotation: 90 days. */
export const MAX_OVERLAP_SECONDS = 7_776_000
/** The overlap of a rotation that names none, of a key that has no rotation setting: 24 hours. */
export const DEFAULT_OVERLAP_SECONDS = 86_400

export const Environment = StringEnum(['live', 'test'], {
  description: 'Fixed at creation and kept by rotation; the kind part of the secret.',
})

export const KeyStatus = StringEnum(['active', 'disabled', 'expired', 'revoked', 'not_yet_valid'], {
  description: 'What a verification would find now, before addresses, permissions and models.',
})

const Labels = (description: string) =>
  Type.Record(
    Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' }),
    Line({ description: 'Value', maxLength: 1000 }),
    { maxProperties: 64, additionalProperties: false, description },
  )

const name = Line({
  description: 'A name for people: the application or team member the key is for.',
  minLength: 1,
  maxLength: 100,
  examples: ['billing-worker'],
})
const owner = Nullable(Line({ description: 'owner', minLength: 1, maxLength: 200 }), {
  description: 'Free-text id of the person or application the key is for. Grants nothing.',
})
const description = Nullable(Text({ description: 'description', maxLength: 1000 }), {
  description: 'Notes for people.',
})
const metadata = Labels(
  'Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.',
)
const tags = Labels('Up to 64 strings for grouping; not returned by verifications.')
const notBefore = Nullable(Timestamp('notBefore'), {
  description: 'The key is not yet valid before this time; null = valid at once.',
})
const expiresAt = Nullable(Timestamp('expiresAt'), {
  description: 'At this time the key no longer works; null = never.',
})
const policyIds = Type.Array(Id('Id of a policy of the same project.'), {
  maxItems: MAX_POLICIES,
  uniqueItems: true,
  description: 'Policies of the key, 8 at most: their permissions and limits apply as well.',
})
const managedBy = Nullable(StringEnum(['terraform'], { description: 'managedBy' }), {
  description: 'Who declares the key: terraform, or null. Recorded, not enforced.',
})
const deletionProtection = Type.Boolean({
  description: 'Refuses revocation until it is switched off or overridden. Disabling always works.',
})

export const Rotation = Type.Object(
  {
    everySeconds: Nullable(
      Seconds({ description: 'everySeconds', minimum: 3600, maximum: 315_360_000 }),
      { description: 'A rotation is due this long after the last one; null = on demand.' },
    ),
    overlapSeconds: Seconds({
      description: 'How long the old secret works after a rotation that does not say otherwise.',
      maximum: MAX_OVERLAP_SECONDS,
    }),
  },
  { title: 'Rotation', additionalProperties: false, description: 'How the key is rotated.' },
)

export const SecretVersion = Type.Object(
  {
    version: Type.Integer({
      description: 'Epoch milliseconds of the moment it was issued; strictly rising within a key.',
    }),
    createdAt: Timestamp('When this secret was issued.'),
    endsAt: Nullable(Timestamp('endsAt'), {
      description: 'End of the overlap of an older secret; null for the present one.',
    }),
    lastUsedAt: Nullable(Timestamp('lastUsedAt'), {
      description: 'Last valid verification, up to a second late; null = never.',
    }),
    mintedBy: StringEnum(['server', 'client', 'import'], {
      description:
        'Who made the secret: the server, the caller (who sent its SHA-256), or an import.',
    }),
    start: Nullable(Type.String(), {
      description: 'First characters of an imported string, where its owner gave them; else null.',
    }),
  },
  { title: 'SecretVersion', description: 'Facts about one secret of a key; never the secret.' },
)

export const Revocation = Type.Object(
  {
    at: Timestamp('From this time on the key is refused, for ever.'),
    by: Type.String({ description: 'Id of the token that revoked it.' }),
    reason: Nullable(Type.String(), { description: 'The reason that was given.' }),
  },
  { title: 'Revocation', description: 'When, by whom and why a key was revoked.' },
)

const Effective = Type.Object(
  {
    permissions: EffectivePermissions,
    allowedModels: EffectiveModels,
    ipAllowlist: EffectiveAddresses,
    rateLimits: Type.Array(EffectiveRateLimit, { description: 'Every rate limit that applies.' }),
    quotas: Type.Array(EffectiveQuota, { description: 'Every quota that applies.' }),
    expiresAt: Nullable(Timestamp('expiresAt'), {
      description: 'When the key really ends: its own expiry, or sooner by a longest lifetime.',
    }),
  },
  {
    title: 'EffectiveKey',
    description:
      'What holds for the key with its policies and the defaults of its project: verifications decide by this.',
  },
)

export const Key = Type.Object(
  {
    id: Id('Public id of the key: part of its secrets, kept by rotation, safe to print.'),
    name,
    project: Id('Id of the project.'),
    owner,
    environment: Environment,
    description,
    enabled: Type.Boolean({ description: 'False while the key is disabled.' }),
    status: KeyStatus,
    permissions: KeyPermissions,
    allowedModels: AllowedModels,
    ipAllowlist: IpAllowlist,
    rateLimits: RateLimits,
    quotas: Type.Record(Type.String(), KeyQuota, {
      description: 'The quotas of the key itself by name, and what was used of them.',
    }),
    policyIds,
    effective: Effective,
    metadata,
    tags,
    notBefore,
    expiresAt,
    rotation: Type.Union([Rotation, Type.Null()], {
      description: 'How the key is rotated; null = on demand.',
    }),
    rotationDue: Type.Boolean({ description: 'True when rotation.everySeconds have passed.' }),
    secretVersion: Type.Integer({ description: 'Version of the present secret (epoch ms).' }),
    secrets: Type.Array(SecretVersion, {
      description: 'The present secret, and the older one until it is replaced; newest first.',
    }),
    imported: Type.Boolean({
      description: 'True while the present secret is an imported one; a rotation ends that.',
    }),
    managedBy,
    deletionProtection,
    lastUsedAt: Nullable(Timestamp('lastUsedAt'), {
      description: 'Last valid verification of any of its secrets, up to a second late.',
    }),
    createdAt: Timestamp('When the key was created.'),
    updatedAt: Timestamp('When the key was last changed.'),
    revoked: Type.Union([Revocation, Type.Null()], {
      description: 'The revocation, which may lie in the future; null = not revoked.',
    }),
  },
  { title: 'Key', description: 'An API key: everything but its secret.' },
)
export type Key = Static<typeof Key>

const warnings = Type.Optional(
  Type.Array(Type.String(), {
    description:
      'What was done and may be a mistake, such as a model that the project does not list. Absent when there is nothing to say.',
  }),
)

/** The answer to an update. */
export const UpdatedKey = Type.Object(
  { ...Key.properties, warnings },
  { title: 'UpdatedKey', description: 'The key as it is now.' },
)

/** The one answer with a secret in it: of create and of rotate. */
export const IssuedKey = Type.Object(
  {
    key: Key,
    secret: Type.Optional(
      Type.String({
        description:
          'The secret, shown only in this answer. Absent when the caller minted it and sent its SHA-256.',
        examples: ['ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2'],
      }),
    ),
    warnings,
  },
  { title: 'IssuedKey', description: 'A key and its new secret.' },
)
export type IssuedKey = Static<typeof IssuedKey>

const expiresInDays = Type.Integer({
  minimum: 1,
  maximum: 36_500,
  description: 'The expiry as a number of days from now; not together with expiresAt.',
})

const editable = {
  name: Type.Optional(name),
  owner: Type.Optional(owner),
  description: Type.Optional(description),
  permissions: Type.Optional(KeyPermissions),
  allowedModels: Type.Optional(AllowedModels),
  ipAllowlist: Type.Optional(IpAllowlist),
  rateLimits: Type.Optional(RateLimits),
  quotas: Type.Optional(Quotas),
  policyIds: Type.Optional(policyIds),
  metadata: Type.Optional(metadata),
  tags: Type.Optional(tags),
  notBefore: Type.Optional(notBefore),
  expiresAt: Type.Optional(expiresAt),
  expiresInDays: Type.Optional(expiresInDays),
  rotation: Type.Optional(
    Type.Union([Rotation, Type.Null()], {
      description: 'How the key is rotated; null = on demand.',
    }),
  ),
  managedBy: Type.Optional(managedBy),
  deletionProtection: Type.Optional(deletionProtection),
}

export const CreateKey = Type.Object(
  {
    ...editable,
    name,
    project: Type.Optional(
      Line({
        description:
          'Id or name of the project; default: the project of the token, else the project named default.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    environment: Type.Optional(Environment),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true.' })),
    id: Type.Optional(Id('Public id of a secret that the caller minted; only with secretSha256.')),
    secretSha256: Type.Optional(SecretSha256),
  },
  {
    title: 'CreateKey',
    additionalProperties: false,
    description:
      'A new key. With id and secretSha256 the caller minted the secret; otherwise the server does.',
    examples: [{ name: 'billing-worker', permissions: ['jobs:write'], expiresInDays: 90 }],
  },
)
export type CreateKey = Static<typeof CreateKey>

/** The longest start of an imported string: enough to recognise it, too little to guess it. */
export const MAX_START_LENGTH = 12

/** One line of an import: a key whose secret was issued elsewhere. */
export const ImportKey = Type.Object(
  {
    ...editable,
    name,
    environment: Type.Optional(Environment),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true.' })),
    secretSha256: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the whole string that callers present, in lower-case hex.',
    }),
    start: Type.Optional(
      Line({
        description:
          'First characters of the string, shown in lists. Everybody who may read keys sees them: leave it out for short strings.',
        minLength: 1,
        maxLength: MAX_START_LENGTH,
        examples: ['sk_prod_'],
      }),
    ),
  },
  {
    title: 'ImportKey',
    additionalProperties: false,
    description:
      'One line of an import: a key that was issued elsewhere, by the SHA-256 of its string.',
    examples: [
      {
        name: 'billing-worker',
        permissions: ['jobs:write'],
        secretSha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
      },
    ],
  },
)
export type ImportKey = Static<typeof ImportKey>

export const UpdateKey = Type.Object(editable, {
  title: 'UpdateKey',
  additionalProperties: false,
  minProperties: 1,
  description: 'The fields to change; absent ones stay. Never touches a secret.',
})
export type UpdateKey = Static<typeof UpdateKey>

export const ListKeys = Type.Object(
  {
    ...CursorQuery,
    project: Type.Optional(
      Line({ description: 'Id or name of a project.', minLength: 1, maxLength: 100 }),
    ),
    status: Type.Optional(KeyStatus),
    environment: Type.Optional(Environment),
    owner: Type.Optional(Line({ description: 'Exact owner.', minLength: 1, maxLength: 200 })),
    name: Type.Optional(Line({ description: 'Exact name.', minLength: 1, maxLength: 100 })),
    managedBy: Type.Optional(StringEnum(['terraform'], { description: 'Who declares the key.' })),
  },
  { title: 'ListKeys', additionalProperties: false, description: 'Filters of a list of keys.' },
)
export type ListKeys = Static<typeof ListKeys>

export const KeyPage = Page(Key, 'KeyPage')
