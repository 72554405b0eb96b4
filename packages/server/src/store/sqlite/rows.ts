import type { AuditRecord } from '../../audit/audit-entry.ts'
import type { Key, MintedBy, SecretFacts, StoredSecret } from '../../keys/key.ts'
import type { Token } from '../../tokens/token.ts'

export interface KeyRow {
  id: string
  project_id: string
  name: string
  owner: string | null
  environment: 'live' | 'test'
  description: string | null
  enabled: number
  permissions: string
  allowed_models: string | null
  ip_allowlist: string | null
  rate_limits: string
  quotas: string
  policy_ids: string
  metadata: string
  tags: string
  not_before: number | null
  expires_at: number | null
  rotation_every_seconds: number | null
  rotation_overlap_seconds: number | null
  managed_by: 'terraform' | null
  deletion_protection: number
  revoked_at: number | null
  revoked_by: string | null
  revoked_reason: string | null
  created_at: number
  created_by: string
  updated_at: number
  revision: number
}

export function toKey(row: KeyRow, secrets: SecretFacts[]): Key {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    owner: row.owner,
    environment: row.environment,
    description: row.description,
    enabled: row.enabled === 1,
    permissions: JSON.parse(row.permissions),
    allowedModels: row.allowed_models === null ? null : JSON.parse(row.allowed_models),
    ipAllowlist: row.ip_allowlist === null ? null : JSON.parse(row.ip_allowlist),
    rateLimits: JSON.parse(row.rate_limits),
    quotas: JSON.parse(row.quotas),
    policyIds: JSON.parse(row.policy_ids),
    metadata: JSON.parse(row.metadata),
    tags: JSON.parse(row.tags),
    notBefore: row.not_before,
    expiresAt: row.expires_at,
    rotation:
      row.rotation_overlap_seconds === null
        ? null
        : {
            everySeconds: row.rotation_every_seconds,
            overlapSeconds: row.rotation_overlap_seconds,
          },
    managedBy: row.managed_by,
    deletionProtection: row.deletion_protection === 1,
    revoked:
      row.revoked_at === null
        ? null
        : { at: row.revoked_at, by: row.revoked_by ?? '', reason: row.revoked_reason },
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    revision: row.revision,
    secrets,
  }
}

/** The named parameters of the statements that write a key. */
export function fromKey(key: Key) {
  const every = key.rotation?.everySeconds ?? null
  const version = key.secrets[0]?.version ?? key.createdAt
  return {
    id: key.id,
    projectId: key.projectId,
    name: key.name,
    owner: key.owner,
    environment: key.environment,
    description: key.description,
    enabled: Number(key.enabled),
    permissions: JSON.stringify(key.permissions),
    allowedModels: key.allowedModels && JSON.stringify(key.allowedModels),
    ipAllowlist: key.ipAllowlist && JSON.stringify(key.ipAllowlist),
    rateLimits: JSON.stringify(key.rateLimits),
    quotas: JSON.stringify(key.quotas),
    policyIds: JSON.stringify(key.policyIds),
    metadata: JSON.stringify(key.metadata),
    tags: JSON.stringify(key.tags),
    notBefore: key.notBefore,
    expiresAt: key.expiresAt,
    rotationEverySeconds: every,
    rotationOverlapSeconds: key.rotation?.overlapSeconds ?? null,
    rotationDueAt: every === null ? null : version + every * 1000,
    managedBy: key.managedBy,
    deletionProtection: Number(key.deletionProtection),
    secretVersion: version,
    createdAt: key.createdAt,
    createdBy: key.createdBy,
    updatedAt: key.updatedAt,
    revision: key.revision,
  }
}

export interface SecretRow {
  version: number
  minted_by: MintedBy
  secret_created_at: number
  ends_at: number | null
  last_used_at: number | null
  start: string | null
}

export function toSecretFacts(row: SecretRow): SecretFacts {
  return {
    version: row.version,
    mintedBy: row.minted_by,
    createdAt: row.secret_created_at,
    endsAt: row.ends_at,
    lastUsedAt: row.last_used_at,
    start: row.start,
  }
}

export interface DigestRow extends SecretRow {
  hash_class: 'hmac' | 'argon2id'
  digest: Buffer
  pepper_id: string
}

export function toStoredSecret(row: DigestRow): StoredSecret & { endsAt: number | null } {
  return {
    version: row.version,
    digest: row.digest,
    pepperId: row.pepper_id,
    mintedBy: row.minted_by,
    createdAt: row.secret_created_at,
    endsAt: row.ends_at,
  }
}

export interface TokenColumns {
  id: string
  name: string
  permissions: string
  project_id: string | null
  version: number
  digest: Buffer
  pepper_id: string
  minted_by: MintedBy
  created_at: number
  created_by: string
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
}

export function toToken(row: TokenColumns): Token {
  return {
    id: row.id,
    name: row.name,
    permissions: JSON.parse(row.permissions),
    projectId: row.project_id,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}

/** The named parameters of the statement that inserts a token. */
export function fromToken(token: Token, secret: StoredSecret) {
  return {
    id: token.id,
    name: token.name,
    permissions: JSON.stringify(token.permissions),
    projectId: token.projectId,
    version: secret.version,
    digest: Buffer.from(secret.digest),
    pepperId: secret.pepperId,
    mintedBy: secret.mintedBy,
    createdAt: token.createdAt,
    createdBy: token.createdBy,
    expiresAt: token.expiresAt,
  }
}

export interface AuditRow {
  seq: number
  at: number
  action: AuditRecord['action']
  actor_kind: AuditRecord['actor']['kind']
  actor_id: string
  target_kind: AuditRecord['target']['kind']
  target_id: string
  project_id: string | null
  request_id: string | null
  details: string
  hash: Buffer
}

export function toAuditRecord(row: AuditRow): AuditRecord {
  return {
    seq: row.seq,
    at: row.at,
    action: row.action,
    actor: { kind: row.actor_kind, id: row.actor_id },
    target: { kind: row.target_kind, id: row.target_id },
    projectId: row.project_id,
    requestId: row.request_id,
    details: JSON.parse(row.details),
    detailsJson: row.details,
    hash: row.hash,
  }
}
