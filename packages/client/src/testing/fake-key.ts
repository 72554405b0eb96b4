import type { CreateKey, Key, SecretVersion, UpdateKey } from '../types.gen.ts'

/** The record as it is on the wire, and the digest of each of its secrets by version. */
export interface FakeKey {
  key: Key
  digests: ReadonlyMap<number, string>
}

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
  revoked: null,
} satisfies Partial<Key>

export function draftKey(body: CreateKey, id: string, project: string, now: number): Key {
  const { secretSha256: _, ...fields } = body
  const lifetime = body.expiresAt === undefined ? { expiresInDays: DEFAULT_DAYS } : {}
  const blank = { ...DEFAULTS, name: body.name, createdAt: iso(now), updatedAt: iso(now) }
  return withChanges({ ...blank, id, project }, { ...lifetime, ...fields, id, project }, now)
}

export function withChanges(key: Key, changes: UpdateKey & Partial<Key>, now: number): Key {
  const { expiresInDays, ...fields } = changes
  const expiry = expiresInDays === undefined ? {} : { expiresAt: iso(now + expiresInDays * DAY_MS) }
  return { ...key, ...fields, ...expiry, updatedAt: iso(now) }
}

export function showKey(key: Key, now: number): Key {
  const [present] = key.secrets
  const everySeconds = key.rotation?.everySeconds ?? Number.POSITIVE_INFINITY
  const age = present ? now - Date.parse(present.createdAt) : 0
  const uses = key.secrets.map((secret) => secret.lastUsedAt ?? '')
  return {
    ...key,
    status: statusOf(key, now),
    rotationDue: age >= everySeconds * 1000,
    secretVersion: present?.version ?? 0,
    lastUsedAt: uses.toSorted().at(-1) || null,
  }
}

/** In the order of a verification. */
export function statusOf(key: Key, now: number): Key['status'] {
  if (isOver(key.revoked?.at, now)) return 'revoked'
  if (!key.enabled) return 'disabled'
  if (key.notBefore && !isOver(key.notBefore, now)) return 'not_yet_valid'
  return isOver(key.expiresAt, now) ? 'expired' : 'active'
}

/** An end is inclusive. */
export function isOver(time: string | null | undefined, now: number): boolean {
  return typeof time === 'string' && now >= Date.parse(time)
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}
