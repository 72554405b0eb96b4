import type {
  AuditEvent,
  Key as WireKey,
  Project as WireProject,
  Token as WireToken,
} from '@keysmith/contract'
import type { AuditRecord } from '../audit/audit-entry.ts'
import {
  currentSecret,
  hasEnded,
  isImported,
  isRotationDue,
  type Key,
  keyStatus,
  type Project,
} from '../keys/key.ts'
import type { CachedKey } from '../keys/row-cache.ts'
import type { Token } from '../tokens/token.ts'

/** RFC 3339 in UTC. */
export function presentTime(at: number): string {
  return new Date(at).toISOString()
}

function presentEnd(at: number | null): string | null {
  return at === null ? null : presentTime(at)
}

/** The allow-list from record to wire: what is not named here does not leave the server. */
export function presentKey(key: Key, now: number): WireKey {
  const uses = key.secrets.map((secret) => secret.lastUsedAt ?? 0)
  const lastUsedAt = Math.max(...uses)
  return {
    id: key.id,
    name: key.name,
    project: key.projectId,
    owner: key.owner,
    environment: key.environment,
    description: key.description,
    enabled: key.enabled,
    status: keyStatus(key, now),
    permissions: key.permissions,
    allowedModels: key.allowedModels,
    ipAllowlist: key.ipAllowlist,
    metadata: key.metadata,
    tags: key.tags,
    notBefore: presentEnd(key.notBefore),
    expiresAt: presentEnd(key.expiresAt),
    rotation: key.rotation,
    rotationDue: isRotationDue(key, now),
    secretVersion: currentSecret(key).version,
    secrets: key.secrets.map((secret) => ({
      version: secret.version,
      createdAt: presentTime(secret.createdAt),
      endsAt: presentEnd(secret.endsAt),
      lastUsedAt: presentEnd(secret.lastUsedAt),
      mintedBy: secret.mintedBy,
      start: secret.start,
    })),
    imported: isImported(key),
    managedBy: key.managedBy,
    deletionProtection: key.deletionProtection,
    lastUsedAt: lastUsedAt === 0 ? null : presentTime(lastUsedAt),
    createdAt: presentTime(key.createdAt),
    updatedAt: presentTime(key.updatedAt),
    revoked: key.revoked && { ...key.revoked, at: presentTime(key.revoked.at) },
  }
}

export function presentVerifiedKey({ key }: CachedKey) {
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    project: key.projectId,
    environment: key.environment,
    permissions: key.permissions,
    allowedModels: key.allowedModels,
    metadata: key.metadata,
    expiresAt: presentEnd(key.expiresAt),
  }
}

export function presentProject(project: Project): WireProject {
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    brand: project.brand,
    enabled: project.enabled,
    deletionProtection: project.deletionProtection,
    createdAt: presentTime(project.createdAt),
    updatedAt: presentTime(project.updatedAt),
  }
}

export function presentToken(token: Token, now: number): WireToken {
  return {
    id: token.id,
    name: token.name,
    permissions: token.permissions,
    project: token.projectId,
    status: tokenStatus(token, now),
    createdAt: presentTime(token.createdAt),
    createdBy: token.createdBy,
    expiresAt: presentEnd(token.expiresAt),
    lastUsedAt: presentEnd(token.lastUsedAt),
    revokedAt: presentEnd(token.revokedAt),
  }
}

function tokenStatus(token: Token, now: number): WireToken['status'] {
  if (token.revokedAt !== null) return 'revoked'
  return hasEnded(token.expiresAt, now) ? 'expired' : 'active'
}

export function presentAuditEvent(record: AuditRecord): AuditEvent {
  return {
    id: record.seq,
    at: presentTime(record.at),
    action: record.action,
    actor: record.actor,
    target: record.target,
    project: record.projectId,
    requestId: record.requestId,
    details: record.details,
    hash: Buffer.from(record.hash).toString('hex'),
  }
}
