import { randomBytes } from 'node:crypto'
import type { AuditAction } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import type { ImportedSecret, Key, Project, StoredSecret } from '../../keys/key.ts'
import type { Policy } from '../../policies/policy.ts'
import { NO_BOUNDS } from '../../projects/bounds.ts'
import type { Token } from '../../tokens/token.ts'
import type { Change, IdempotencyRecord, KeyFilter } from '../key-store.ts'

/** A time far from zero, so that a lost or truncated one is seen. */
export const NOW = 1_800_000_000_000

export function someProject(overrides: Partial<Project> = {}): Project {
  const id = generateId()
  return {
    id,
    name: `project-${id}`,
    description: null,
    brand: 'ks',
    enabled: true,
    deletionProtection: false,
    ...NO_BOUNDS,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...overrides,
  }
}

export function someSecret(overrides: Partial<StoredSecret> = {}): StoredSecret {
  return {
    version: NOW,
    digest: new Uint8Array(randomBytes(32)),
    pepperId: 'pepper1',
    mintedBy: 'server',
    createdAt: NOW,
    ...overrides,
  }
}

export function someKey(project: Pick<Project, 'id'>, overrides: Partial<Key> = {}): Key {
  return {
    id: generateId(),
    projectId: project.id,
    name: 'billing',
    owner: null,
    environment: 'live',
    description: null,
    enabled: true,
    permissions: [],
    allowedModels: null,
    ipAllowlist: null,
    rateLimits: {},
    quotas: {},
    policyIds: [],
    metadata: {},
    tags: {},
    notBefore: null,
    expiresAt: null,
    rotation: null,
    managedBy: null,
    deletionProtection: false,
    revoked: null,
    createdAt: NOW,
    createdBy: 'actor1',
    updatedAt: NOW,
    revision: 1,
    secrets: [secretFacts()],
    ...overrides,
  }
}

/** The facts that belong to `someSecret(overrides)`. */
export function secretFacts(overrides: Partial<Key['secrets'][number]> = {}) {
  return {
    version: NOW,
    mintedBy: 'server' as const,
    createdAt: NOW,
    endsAt: null,
    lastUsedAt: null,
    start: null,
    ...overrides,
  }
}

/** What is kept of a string issued elsewhere. */
export function someImportedSecret(overrides: Partial<ImportedSecret> = {}): ImportedSecret {
  return { ...someSecret({ mintedBy: 'import' }), start: null, argon2: null, ...overrides }
}

/** A value other than the default in every attribute, in forms that a careless store would lose. */
const FULL_KEY = {
  name: 'Grüße "1" \\ 中文 🔑',
  owner: 'team/ünïcode',
  environment: 'test',
  description: 'two\nlines',
  enabled: false,
  permissions: ['jobs:*', 'device:priority'],
  allowedModels: ['model-a', 'model-b*'],
  ipAllowlist: ['203.0.113.0/24', '2001:db8::/48'],
  rateLimits: { requests: { limit: 600, windowSeconds: 60 } },
  quotas: { tokens: { limit: Number.MAX_SAFE_INTEGER, period: 'month' } },
  metadata: { team: 'billing', constructor: 'x' },
  tags: { env: 'prod' },
  notBefore: NOW - 1,
  expiresAt: NOW + 86_400_000,
  rotation: { everySeconds: 3600, overlapSeconds: 60 },
  managedBy: 'terraform',
  deletionProtection: true,
} as const satisfies Partial<Record<keyof Key, unknown>>

export function fullKey(project: Pick<Project, 'id'>): Key {
  return someKey(project, structuredClone(FULL_KEY) as unknown as Partial<Key>)
}

export function someToken(overrides: Partial<Token> = {}): Token {
  return {
    id: generateId(),
    name: 'terraform',
    permissions: ['keys:*'],
    projectId: null,
    createdAt: NOW,
    createdBy: 'actor1',
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...overrides,
  }
}

export function someIdempotency(overrides: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  return {
    actorId: 'actor1',
    key: 'request-1',
    fingerprint: 'f'.repeat(64),
    targetId: 'target1',
    secretVersion: null,
    createdAt: NOW,
    ...overrides,
  }
}

export function somePolicy(project: Pick<Project, 'id'>, overrides: Partial<Policy> = {}): Policy {
  const id = generateId()
  return {
    id,
    projectId: project.id,
    name: `policy-${id}`,
    description: null,
    permissions: [],
    allowedModels: null,
    ipAllowlist: null,
    rateLimits: {},
    quotas: {},
    maxLifetimeSeconds: null,
    createdAt: NOW,
    createdBy: 'actor1',
    updatedAt: NOW,
    revision: 1,
    ...overrides,
  }
}

/** A value other than the default in every setting of a policy. */
export const FULL_POLICY = {
  name: 'Grüße "1" \\ 中文 🔑',
  description: 'two\nlines',
  permissions: ['jobs:*', 'device:priority'],
  allowedModels: ['model-a', 'model-b*'],
  ipAllowlist: ['203.0.113.0/24', '2001:db8::/48'],
  rateLimits: { requests: { limit: 600, windowSeconds: 60 } },
  quotas: { tokens: { limit: Number.MAX_SAFE_INTEGER, period: 'month' } },
  maxLifetimeSeconds: 3_153_600_000,
} satisfies Partial<Policy>

/** The audit entry that a change is written with. */
export function changeOf(
  target: { kind: 'project' | 'key' | 'policy' | 'token'; id: string },
  options: {
    action?: AuditAction
    projectId?: string | null
    details?: Record<string, unknown>
    idempotency?: IdempotencyRecord | null
  } = {},
): Change {
  const { action = `${target.kind}.created`, projectId = null, details = {} } = options
  return {
    entry: {
      at: NOW,
      action: action as AuditAction,
      actor: { kind: 'token', id: 'actor1' },
      target,
      projectId,
      requestId: 'request1',
      details,
    },
    idempotency: options.idempotency ?? null,
  }
}

export function keyFilter(overrides: Partial<KeyFilter> = {}): KeyFilter {
  return {
    scope: null,
    now: NOW,
    status: null,
    environment: null,
    owner: null,
    name: null,
    managedBy: null,
    limit: 1000,
    cursor: null,
    ...overrides,
  }
}
