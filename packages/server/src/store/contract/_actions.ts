import { expect } from 'vitest'
import type { ImportedSecret, Key, Project, StoredSecret } from '../../keys/key.ts'
import type { Policy } from '../../policies/policy.ts'
import type { Token } from '../../tokens/token.ts'
import type { Change, KeyStore, PageRequest } from '../key-store.ts'
import {
  changeOf,
  keyFilter,
  NOW,
  someKey,
  somePolicy,
  someProject,
  someSecret,
  someToken,
} from './_records.ts'

export function addProject(store: KeyStore, project: Project) {
  const target = { kind: 'project' as const, id: project.id }
  return store.insertProject(project, changeOf(target, { projectId: project.id }))
}

export function addKey(store: KeyStore, key: Key, secret: StoredSecret = someSecret()) {
  const target = { kind: 'key' as const, id: key.id }
  return store.insertKey(key, secret, changeOf(target, { projectId: key.projectId }))
}

export function addImportedKey(store: KeyStore, key: Key, secret: ImportedSecret) {
  const target = { kind: 'key' as const, id: key.id }
  const change = changeOf(target, { action: 'key.imported', projectId: key.projectId })
  return store.insertImportedKey(key, secret, change)
}

export function addPolicy(store: KeyStore, policy: Policy) {
  const target = { kind: 'policy' as const, id: policy.id }
  return store.insertPolicy(policy, changeOf(target, { projectId: policy.projectId }))
}

export function deletePolicy(store: KeyStore, policy: Policy, now = NOW) {
  const target = { kind: 'policy' as const, id: policy.id }
  const change = changeOf(target, { action: 'policy.deleted', projectId: policy.projectId })
  return store.deletePolicy(policy, now, change)
}

export function addToken(store: KeyStore, token: Token, secret: StoredSecret = someSecret()) {
  const target = { kind: 'token' as const, id: token.id }
  return store.insertToken(token, secret, changeOf(target, { projectId: token.projectId }))
}

export function revoke(
  store: KeyStore,
  key: Key,
  at: number,
  reason: string | null = null,
  overrideProtection = false,
) {
  const change = changeOf(
    { kind: 'key', id: key.id },
    { action: 'key.revoked', projectId: key.projectId },
  )
  const { id: keyId, projectId } = key
  return store.revokeKey(
    { keyId, projectId, at, by: 'actor1', reason, overrideProtection, updatedAt: NOW },
    change,
  )
}

export function replace(
  store: KeyStore,
  key: Key,
  options: { from: number; to: number | StoredSecret; keep: [version: number, endsAt: number][] },
) {
  const { from, to, keep } = options
  const { id: keyId, projectId } = key
  return store.replaceSecret(
    {
      keyId,
      projectId,
      expectedVersion: from,
      secret: typeof to === 'number' ? someSecret({ version: to, createdAt: to }) : to,
      keep: keep.map(([version, endsAt]) => ({ version, endsAt })),
      updatedAt: NOW,
    },
    changeOf({ kind: 'key', id: key.id }, { action: 'key.rotated' }),
  )
}

export type Write = (store: KeyStore, change: Change) => Promise<string>

/** Every write on a key that exists. Each would succeed on a fresh `someKey` of revision 1. */
export function keyWrites(key: Key, revision = 1): Record<string, Write> {
  const { id: keyId, projectId } = key
  const updatedAt = NOW
  return {
    updateKey: (store, change) => store.updateKey({ ...key, name: 'other' }, revision, change),
    setKeyEnabled: (store, change) => store.setKeyEnabled({ ...key, enabled: false }, change),
    replaceSecret: (store, change) =>
      store.replaceSecret(
        {
          keyId,
          projectId,
          expectedVersion: NOW,
          secret: someSecret({ version: NOW + 1 }),
          keep: [],
          updatedAt,
        },
        change,
      ),
    setSecretEnd: (store, change) =>
      store.setSecretEnd({ keyId, projectId, version: NOW, endsAt: NOW + 1, updatedAt }, change),
    setQuotaUsed: (store, change) => {
      const counter = { keyId, sourceId: keyId, name: 'tokens', used: 9 }
      const period = { period: 'none' as const, periodStart: 0 }
      return store.setQuotaUsed({ ...counter, ...period, projectId, updatedAt }, change)
    },
    revokeKey: (store, change) =>
      store.revokeKey(
        {
          keyId,
          projectId,
          at: NOW,
          by: 'actor1',
          reason: null,
          overrideProtection: false,
          updatedAt,
        },
        change,
      ),
  }
}

export function bindAll(store: KeyStore, writes: Record<string, Write>) {
  return Object.fromEntries(
    Object.entries(writes).map(([name, write]) => [name, (change: Change) => write(store, change)]),
  )
}

export async function withProject(empty: () => Promise<KeyStore>) {
  const store = await empty()
  const project = someProject()
  await addProject(store, project)
  return { store, project }
}

export async function withKey(empty: () => Promise<KeyStore>) {
  const { store, project } = await withProject(empty)
  const key = someKey(project)
  await addKey(store, key)
  return { store, project, key }
}

/** A project with a policy and a key that has it. */
export async function withPolicy(empty: () => Promise<KeyStore>) {
  const { store, project } = await withProject(empty)
  const policy = somePolicy(project)
  await addPolicy(store, policy)
  const key = someKey(project, { policyIds: [policy.id] })
  await addKey(store, key)
  return { store, project, policy, key }
}

export async function withRecords(empty: () => Promise<KeyStore>) {
  const { store, project, policy, key } = await withPolicy(empty)
  const token = someToken()
  await addToken(store, token)
  return { store, project, policy, key, token }
}

/** All that the store holds, as far as its methods show it. */
export async function everything(store: KeyStore) {
  const all = { scope: null, limit: 1000, cursor: null }
  const keys = await store.listKeys(keyFilter())
  const policies = await store.listPolicies({ ...all, name: null })
  return {
    projects: await store.listProjects({ ...all, name: null }),
    policies,
    policyKeys: await store.countPolicyKeys(
      policies.map(({ id }) => id),
      NOW,
    ),
    keys,
    rows: await Promise.all(keys.map((key) => store.findForVerification(key.id))),
    tokens: await store.listTokens(all),
    head: await store.auditHead(),
    events: await store.readAuditChain(0, 1000),
    counters: await store.readCounters(keys.map((key) => key.id)),
  }
}

export async function versions(store: KeyStore, key: Key) {
  const found = await store.getKey(key.id, null)
  return found?.secrets.map(({ version, endsAt }) => [version, endsAt]) ?? []
}

/** A digest as plain bytes: adapters give a Buffer or a Uint8Array. */
export function plainDigest<T extends { digest: Uint8Array }>(secret: T) {
  return { ...secret, digest: Buffer.from(secret.digest).toString('hex') }
}

export function auditFilter(
  overrides: Partial<Parameters<KeyStore['listAuditEvents']>[0]> = {},
): Parameters<KeyStore['listAuditEvents']>[0] {
  return { scope: null, targetId: null, action: null, beforeSeq: null, limit: 1000, ...overrides }
}

export function newestFirst(
  a: { createdAt: number; id: string },
  b: { createdAt: number; id: string },
) {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)
}

export async function walk<Row extends { createdAt: number; id: string }>(
  limit: number,
  readPage: (page: PageRequest) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: PageRequest['cursor'] = null
  for (;;) {
    const page = await readPage({ limit, cursor })
    const last = page.at(-1)
    if (!last) return rows
    expect(page.length).toBeLessThanOrEqual(limit)
    rows.push(...page)
    cursor = { at: last.createdAt, id: last.id }
  }
}
