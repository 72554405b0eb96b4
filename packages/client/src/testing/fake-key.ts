import type { CreateKey, Key, SecretVersion, UpdateKey } from '../types.gen.ts'
import { isOver, iso } from './fake-time.ts'

/** The record as it is on the wire, and the digest of each of its secrets by version. */
export interface FakeKey {
  key: Key
  digests: ReadonlyMap<number, string>
}

/** Of settings, as the API takes them, and of what the service keeps by itself. */
export type Changes = UpdateKey & Partial<Omit<Key, keyof UpdateKey>>

const DAY_MS = 86_400_000

/** Of a key that names no end, as in a service with default settings. */
export const DEFAULT_DAYS = 90

const DEFAULTS = {
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
  imported: false,
  managedBy: null,
  deletionProtection: false,
  // Computed when the key is shown.
  status: 'active',
  rotationDue: false,
  secretVersion: 0,
  lastUsedAt: null,
  secrets: [] as SecretVersion[],
  effective: {
    permissions: [],
    allowedModels: null,
    ipAllowlist: null,
    rateLimits: [],
    quotas: [],
    expiresAt: null,
  } as Key['effective'],
  revoked: null,
} satisfies Partial<Key>

export function draftKey(body: CreateKey, id: string, project: string, now: number): Key {
  const { secretSha256: _, ...fields } = body
  const lifetime = body.expiresAt === undefined ? { expiresInDays: DEFAULT_DAYS } : {}
  const blank = { ...DEFAULTS, name: body.name, createdAt: iso(now), updatedAt: iso(now) }
  return withChanges({ ...blank, id, project }, { ...lifetime, ...fields, id, project }, now)
}

export function withChanges(key: Key, changes: Changes, now: number): Key {
  const { expiresInDays, quotas: settings, ...fields } = changes
  const expiry = expiresInDays === undefined ? {} : { expiresAt: iso(now + expiresInDays * DAY_MS) }
  const quotas = settings ? toKeyQuotas(settings) : key.quotas
  return { ...key, ...fields, ...expiry, quotas, updatedAt: iso(now) }
}

/** What a quota has counted is kept elsewhere. */
function toKeyQuotas(settings: NonNullable<Changes['quotas']>): Key['quotas'] {
  const state = { onExceed: 'block' as const, used: 0, reserved: 0, resetsAt: null }
  const quotas = Object.entries(settings).map(([name, quota]) => [name, { ...quota, ...state }])
  return Object.fromEntries(quotas)
}

export function showKey(key: Key, quotas: Key['quotas'], now: number): Key {
  const [present] = key.secrets
  const everySeconds = key.rotation?.everySeconds ?? Number.POSITIVE_INFINITY
  const age = present ? now - Date.parse(present.createdAt) : 0
  const uses = key.secrets.map((secret) => secret.lastUsedAt ?? '')
  return {
    ...key,
    quotas,
    effective: effectiveOf({ ...key, quotas }),
    status: statusOf(key, now),
    rotationDue: age >= everySeconds * 1000,
    secretVersion: present?.version ?? 0,
    lastUsedAt: uses.toSorted().at(-1) || null,
  }
}

/** The fake has neither policies nor defaults of a project: what holds is what the key says. */
function effectiveOf(key: Key): Key['effective'] {
  const { permissions, allowedModels, ipAllowlist, expiresAt } = key
  const source = { kind: 'key' as const, id: key.id }
  const named = <Limit>(limits: Record<string, Limit>) =>
    Object.entries(limits).map(([name, limit]) => ({ name, source, ...limit }))
  const limits = { rateLimits: named(key.rateLimits), quotas: named(key.quotas) }
  return { permissions, allowedModels, ipAllowlist, expiresAt, ...limits }
}

/** In the order of a verification. */
export function statusOf(key: Key, now: number): Key['status'] {
  if (isOver(key.revoked?.at, now)) return 'revoked'
  if (!key.enabled) return 'disabled'
  if (key.notBefore && !isOver(key.notBefore, now)) return 'not_yet_valid'
  return isOver(key.expiresAt, now) ? 'expired' : 'active'
}
