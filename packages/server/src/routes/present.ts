import type {
  AuditEvent,
  Key as WireKey,
  Policy as WirePolicy,
  Project as WireProject,
  Reservation as WireReservation,
  Token as WireToken,
} from '@keysmith/contract'
import type { AuditRecord } from '../audit/audit-entry.ts'
import type { KeyDescription } from '../keys/describe-keys.ts'
import {
  currentSecret,
  hasEnded,
  isImported,
  isRotationDue,
  type Key,
  keyStatus,
  type Project,
} from '../keys/key.ts'
import type { EffectiveQuota, LimitSource } from '../limits/effective-limits.ts'
import { quotaState } from '../limits/quota-state.ts'
import type { Policy } from '../policies/policy.ts'
import type { EndedReservation, QuotaCounter } from '../store/quota-store.ts'
import type { Token } from '../tokens/token.ts'

/** RFC 3339 in UTC. */
export function presentTime(at: number): string {
  return new Date(at).toISOString()
}

export function presentEnd(at: number | null): string | null {
  return at === null ? null : presentTime(at)
}

/** The allow-list from record to wire: what is not named here does not leave the server. */
export function presentKey({ key, effective, counters }: KeyDescription, now: number): WireKey {
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
    status: keyStatus({ ...key, expiresAt: effective.expiresAt }, now),
    permissions: key.permissions,
    allowedModels: key.allowedModels,
    ipAllowlist: key.ipAllowlist,
    rateLimits: key.rateLimits,
    quotas: presentQuotas(key, counters, now),
    policyIds: key.policyIds,
    effective: {
      permissions: effective.permissions,
      allowedModels: effective.allowedModels,
      ipAllowlist: effective.ipAllowlist,
      rateLimits: effective.rateLimits,
      quotas: effective.quotas.map((quota) => ({
        name: quota.name,
        source: quota.source,
        ...presentQuota(quota, counters, now),
      })),
      expiresAt: presentEnd(effective.expiresAt),
    },
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

/** Absent when there is nothing to say. */
export function presentWarnings(warnings: string[]): { warnings?: string[] } {
  return warnings.length === 0 ? {} : { warnings }
}

function presentQuotas({ id, quotas }: Key, counters: readonly QuotaCounter[], now: number) {
  const source: LimitSource = { kind: 'key', id }
  const entries = Object.entries(quotas).map(([name, quota]) => [
    name,
    presentQuota({ name, source, ...quota }, counters, now),
  ])
  return Object.fromEntries(entries) as WireKey['quotas']
}

function presentQuota(quota: EffectiveQuota, counters: readonly QuotaCounter[], now: number) {
  const { used, reserved, resetsAt } = quotaState(quota, counters, now)
  const { limit, period } = quota
  const onExceed = 'block' as const
  return { limit, period, onExceed, used, reserved, resetsAt: presentEnd(resetsAt) }
}

export function presentProject(project: Project): WireProject {
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    brand: project.brand,
    enabled: project.enabled,
    deletionProtection: project.deletionProtection,
    defaultRateLimits: project.defaultRateLimits,
    defaultQuotas: project.defaultQuotas,
    maxLifetimeSeconds: project.maxLifetimeSeconds,
    models: project.models,
    specialPermissions: project.specialPermissions,
    allowedDelivery: project.allowedDelivery,
    reservationExpiry: project.reservationExpiry,
    createdAt: presentTime(project.createdAt),
    updatedAt: presentTime(project.updatedAt),
  }
}

export function presentReservation(reservation: EndedReservation): WireReservation {
  const { id, keyId, state, charged, released, dropped, overrun, endedAt } = reservation
  return { id, keyId, state, charged, released, dropped, overrun, endedAt: presentTime(endedAt) }
}

export function presentPolicy(policy: Policy, keys: number): WirePolicy {
  return {
    id: policy.id,
    project: policy.projectId,
    name: policy.name,
    description: policy.description,
    permissions: policy.permissions,
    allowedModels: policy.allowedModels,
    ipAllowlist: policy.ipAllowlist,
    rateLimits: policy.rateLimits,
    quotas: policy.quotas,
    maxLifetimeSeconds: policy.maxLifetimeSeconds,
    keys,
    createdAt: presentTime(policy.createdAt),
    updatedAt: presentTime(policy.updatedAt),
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
