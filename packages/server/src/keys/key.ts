import type { DELIVERY_MODES, Quota, RateLimit } from '@keysmith/contract'

/** A namespace of keys. */
export interface Project {
  id: string
  name: string
  description: string | null
  brand: string
  enabled: boolean
  deletionProtection: boolean
  /** For keys that set none of their own and have no policy that sets any. */
  defaultRateLimits: Record<string, RateLimit>
  defaultQuotas: Record<string, Quota>
  maxLifetimeSeconds: number | null
  /** Model names that forms offer. */
  models: string[]
  specialPermissions: { name: string; label: string }[]
  /** null = every way. */
  allowedDelivery: Delivery[] | null
  reservationExpiry: ReservationExpiry
  createdAt: number
  updatedAt: number
  revision: number
}

/** How Terraform may bring a secret to its place. */
export type Delivery = (typeof DELIVERY_MODES)[number]
/** What becomes of a reservation that nobody ends in time. */
export type ReservationExpiry = 'released' | 'charged'
export type Environment = 'live' | 'test'
export type MintedBy = 'server' | 'client' | 'import'

/** Facts about one secret of a key; its digest travels only in `StoredSecret`. */
export interface SecretFacts {
  version: number
  mintedBy: MintedBy
  createdAt: number
  /** End of the overlap of an older secret (epoch ms); null for the present one. */
  endsAt: number | null
  lastUsedAt: number | null
  /** First characters of an imported string, where its owner gave them. */
  start: string | null
}

/** What is kept of a secret: HMAC-SHA-256(pepper, SHA-256(whole string)), 32 bytes. */
export interface StoredSecret {
  version: number
  digest: Uint8Array
  pepperId: string
  mintedBy: MintedBy
  createdAt: number
}

/** What is kept of a string that was issued elsewhere. It has no id of ours and is found by what is kept. */
export interface ImportedSecret extends StoredSecret {
  start: string | null
  /**
   * null: the string is random, and `digest` is that of `StoredSecret`. Otherwise nobody vouches for it:
   * `digest` is Argon2id over that, with these parameters and salt, and found by `tag`.
   */
  argon2: { kdf: string; tag: number } | null
}

export interface Rotation {
  everySeconds: number | null
  overlapSeconds: number
}

export interface Revocation {
  /** Epoch ms; may lie in the future. */
  at: number
  by: string
  reason: string | null
}

/** The record of a key, without any digest. Times are epoch ms. */
export interface Key {
  id: string
  projectId: string
  name: string
  owner: string | null
  environment: Environment
  description: string | null
  enabled: boolean
  permissions: string[]
  /** null = all models, [] = none. */
  allowedModels: string[] | null
  ipAllowlist: string[] | null
  rateLimits: Record<string, RateLimit>
  quotas: Record<string, Quota>
  policyIds: string[]
  metadata: Record<string, string>
  tags: Record<string, string>
  notBefore: number | null
  expiresAt: number | null
  rotation: Rotation | null
  managedBy: 'terraform' | null
  deletionProtection: boolean
  revoked: Revocation | null
  createdAt: number
  createdBy: string
  updatedAt: number
  /** Rises with every change of the record; the ETag. */
  revision: number
  /** The present secret first, then the older one until it is replaced: two at most. */
  secrets: SecretFacts[]
}

export type KeyStatus = 'active' | 'disabled' | 'expired' | 'revoked' | 'not_yet_valid'

/** The state of a key at `now`, decided in the order of a verification. */
export function keyStatus(key: Key, now: number): KeyStatus {
  if (isRevoked(key, now)) return 'revoked'
  if (!key.enabled) return 'disabled'
  if (key.notBefore !== null && now < key.notBefore) return 'not_yet_valid'
  if (hasEnded(key.expiresAt, now)) return 'expired'
  return 'active'
}

export function isRevoked(key: Pick<Key, 'revoked'>, now: number): boolean {
  return key.revoked !== null && now >= key.revoked.at
}

/** An end is inclusive: at `endsAt` it is over. null never ends. */
export function hasEnded(endsAt: number | null, now: number): boolean {
  return endsAt !== null && now >= endsAt
}

export function currentSecret(key: Key): SecretFacts {
  const [current] = key.secrets
  if (!current) throw new Error(`key ${key.id} has no secret`)
  return current
}

/** Was the present secret issued elsewhere? A rotation ends that. */
export function isImported(key: Key): boolean {
  return currentSecret(key).mintedBy === 'import'
}

/** The older secret while its overlap runs, else null. */
export function overlappingSecret(key: Key, now: number): SecretFacts | null {
  const older = key.secrets[1]
  return older && !hasEnded(older.endsAt, now) ? older : null
}

export function isRotationDue(key: Key, now: number): boolean {
  const every = key.rotation?.everySeconds
  if (every == null || isRevoked(key, now)) return false
  return now >= currentSecret(key).createdAt + every * 1000
}
