import { Type } from 'typebox'
import { Nullable } from './json-schema.ts'

/**
 * Rights on the management API. They are held by management tokens and operators only: an issued key
 * can neither hold a permission with one of these prefixes nor call the management API.
 */
export const MANAGEMENT_PERMISSIONS = [
  'keys:read',
  'keys:write',
  'keys:verify',
  'keys:import',
  'keys:override_protection',
  'projects:read',
  'projects:write',
  'tokens:read',
  'tokens:write',
  'operators:read',
  'operators:write',
  'audit:read',
  'leaks:report',
] as const

export type ManagementPermission = (typeof MANAGEMENT_PERMISSIONS)[number]

/** Prefixes that issued keys cannot use: they name rights on this API. */
export const RESERVED_PREFIXES = [
  'keys',
  'projects',
  'tokens',
  'operators',
  'audit',
  'leaks',
] as const

/** Everything: each right on this API by its prefix, and `*` for every permission of issued keys. */
export const ALL_PERMISSIONS: readonly string[] = [
  '*',
  ...RESERVED_PREFIXES.map((prefix) => `${prefix}:*`),
]

const NAME = '[a-z0-9._-]+(?::[a-z0-9._-]+)*'

/** A permission as a verification asks for it: no wildcard. */
export const PermissionName = Type.String({
  pattern: `^${NAME}$`,
  maxLength: 64,
  description: 'A permission, such as jobs:write. Lower case, parts joined by a colon.',
  examples: ['jobs:write', 'device:priority'],
})

/** A permission as a key holds it: it may end in `:*`. */
export const KeyPermission = Type.String({
  pattern: `^${NAME}(?::\\*)?$`,
  maxLength: 64,
  description: 'A permission that the key holds, such as jobs:write or jobs:*.',
  examples: ['jobs:write', 'device:priority'],
})

export const KeyPermissions = Type.Array(KeyPermission, {
  maxItems: 100,
  uniqueItems: true,
  description:
    'Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.',
})

/** A permission as a management token holds it: a key permission, or `*` for all of those. */
export const TokenPermission = Type.String({
  pattern: `^(?:\\*|${NAME}(?::\\*)?)$`,
  maxLength: 64,
  description:
    'A right on this API (keys:write), a permission the token may hand out (jobs:*), or * for all permissions of issued keys.',
  examples: ['keys:write', 'jobs:*'],
})

/** A model name, or a prefix and a final `*`. */
export const ModelPattern = Type.String({
  pattern: '^[A-Za-z0-9._:/-]+\\*?$|^\\*$',
  minLength: 1,
  maxLength: 128,
  description: 'A model name, or a prefix and a final *. Case matters.',
  examples: ['llama-3*'],
})

export const AllowedModels = Nullable(
  Type.Array(ModelPattern, { maxItems: 100, uniqueItems: true }),
  { description: 'AI models the key may use: null = all, [] = none.' },
)

const IpRange = Type.String({
  minLength: 2,
  maxLength: 49,
  pattern: '^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$',
  description: 'An address or a CIDR range, IPv4 or IPv6.',
  examples: ['203.0.113.0/24'],
})

export const IpAllowlist = Nullable(
  Type.Array(IpRange, { minItems: 1, maxItems: 100, uniqueItems: true }),
  { description: 'Addresses from which the key may be used: null = everywhere.' },
)

/** What holds for a key with its policies: as long as all their lists together. */
export const EffectivePermissions = Type.Array(KeyPermission, {
  description: 'Permissions of the key and of its policies.',
})
export const EffectiveModels = Nullable(Type.Array(ModelPattern), {
  description: 'AI models that all lists of the key and its policies allow: null = all, [] = none.',
})
export const EffectiveAddresses = Nullable(Type.Array(IpRange), {
  description:
    'Addresses that all lists of the key and its policies allow: null = everywhere, [] = nowhere.',
})
