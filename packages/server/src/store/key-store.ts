import type { AuditAction } from '@keysmith/contract'
import type { AuditEntry, AuditRecord } from '../audit/audit-entry.ts'
import type { ChainHead } from '../audit/chain.ts'
import type {
  Environment,
  ImportedSecret,
  Key,
  KeyStatus,
  Project,
  StoredSecret,
} from '../keys/key.ts'
import type { Policy } from '../policies/policy.ts'
import type { Token } from '../tokens/token.ts'
import type { Change, IdempotencyRecord, PageRequest, Scope, WriteOutcome } from './change.ts'
import type { PolicyStore } from './policy-store.ts'
import type { QuotaStore } from './quota-store.ts'
import type { UsageStore } from './usage-store.ts'

export type { Change, IdempotencyRecord, PageRequest, Scope, WriteOutcome }

/** Told after the commit and before the caller's promise settles, so that caches drop in time. */
export type ChangeListener = (target: AuditEntry['target']) => void

/** What of a project a verification needs. */
export type VerifyingProject = Pick<
  Project,
  | 'id'
  | 'enabled'
  | 'revision'
  | 'defaultRateLimits'
  | 'defaultQuotas'
  | 'maxLifetimeSeconds'
  | 'reservationExpiry'
>

/** All that a verification needs, from one read. */
export interface VerificationRow {
  /** Without the times of last use, which no verification needs. */
  key: Key
  project: VerifyingProject
  /** Those of `key.policyIds` that exist, in no order. */
  policies: Policy[]
  /** Those of `key.secrets` that one keyed digest proves, with it: all but the slow ones. */
  secrets: (StoredSecret & { endsAt: number | null })[]
}

/** Where an imported secret lies. A version names one secret of its key for ever. */
export interface ImportedRef {
  keyId: string
  projectId: string
  version: number
}

/** An imported secret that shares the tag of what was presented. */
export interface ImportedCandidate extends ImportedRef {
  digest: Uint8Array
  kdf: string
}

export interface TokenRow {
  token: Token
  secret: StoredSecret
}

export interface KeyFilter extends PageRequest {
  scope: Scope
  now: number
  status: KeyStatus | null
  environment: Environment | null
  owner: string | null
  name: string | null
  managedBy: string | null
}

export interface AuditFilter {
  scope: Scope
  targetId: string | null
  action: AuditAction | null
  /** Events with a smaller number, newest first. */
  beforeSeq: number | null
  limit: number
}

export interface SecretUse {
  kind: 'key' | 'token'
  id: string
  version: number
  usedAt: number
}

export interface SecretReplacement {
  keyId: string
  projectId: string
  /** Version of the present secret; another one is a `conflict`. */
  expectedVersion: number
  secret: StoredSecret
  /** Ends by version for the secrets that stay; all others of the key are removed. */
  keep: { version: number; endsAt: number }[]
  updatedAt: number
}

/**
 * The durable storage of projects, keys, tokens and the audit log.
 *
 * Each writing method is one atomic change: it commits together with its audit entry and idempotency
 * record, and its promise resolves only when the commit is on disk. A record comes back whole or not
 * at all; times are epoch ms. Methods reject with `StorageUnavailable` when the storage cannot answer.
 */
export interface KeyStore extends PolicyStore, QuotaStore, UsageStore {
  insertProject(project: Project, change: Change): Promise<WriteOutcome | 'name_taken'>
  /** By id or name, among those that are not deleted; an id goes before a name. */
  findProject(idOrName: string, scope: Scope): Promise<Project | null>
  listProjects(filter: PageRequest & { scope: Scope; name: string | null }): Promise<Project[]>
  updateProject(
    project: Project,
    expectedRevision: number,
    change: Change,
  ): Promise<WriteOutcome | 'name_taken'>
  /** Refused with `in_use` while a key of it is usable at `now`. */
  deleteProject(project: Project, now: number, change: Change): Promise<WriteOutcome | 'in_use'>

  insertKey(key: Key, secret: StoredSecret, change: Change): Promise<WriteOutcome | 'id_taken'>
  /** `secret_taken` when an imported secret of this keyed digest is there, in whatever project. */
  insertImportedKey(
    key: Key,
    secret: ImportedSecret,
    change: Change,
  ): Promise<WriteOutcome | 'secret_taken'>
  getKey(id: string, scope: Scope): Promise<Key | null>
  /** Newest first. */
  listKeys(filter: KeyFilter): Promise<Key[]>
  countRotationsDue(scope: Scope, now: number): Promise<number>
  /** Writes the attributes of the record, never its state or its secrets. */
  updateKey(key: Key, expectedRevision: number, change: Change): Promise<WriteOutcome>
  setKeyEnabled(
    key: Pick<Key, 'id' | 'projectId' | 'enabled' | 'updatedAt'>,
    change: Change,
  ): Promise<WriteOutcome>
  replaceSecret(replacement: SecretReplacement, change: Change): Promise<WriteOutcome>
  /** Moves the end of the older secret. */
  setSecretEnd(
    end: { keyId: string; projectId: string; version: number; endsAt: number; updatedAt: number },
    change: Change,
  ): Promise<WriteOutcome>
  /** `conflict` when it is gone, protected (unless overridden), or already ends sooner. */
  revokeKey(
    revocation: {
      keyId: string
      projectId: string
      at: number
      by: string
      reason: string | null
      overrideProtection: boolean
      updatedAt: number
    },
    change: Change,
  ): Promise<WriteOutcome>

  insertToken(
    token: Token,
    secret: StoredSecret,
    change: Change,
  ): Promise<WriteOutcome | 'id_taken'>
  getToken(id: string, scope: Scope): Promise<Token | null>
  /** Newest first. */
  listTokens(filter: PageRequest & { scope: Scope }): Promise<Token[]>
  revokeToken(
    revocation: { id: string; scope: Scope; at: number },
    change: Change,
  ): Promise<WriteOutcome>

  /** One read by public id; null when there is none. Not limited to a project: the caller compares. */
  findForVerification(id: string): Promise<VerificationRow | null>
  /** An imported secret by its keyed digest. Its key may be of any state, its project deleted. */
  findImportedByDigest(digest: Uint8Array, scope: Scope): Promise<ImportedRef | null>
  /** The imported secrets of a tag under this pepper. Their keys may be of any state. */
  findImportedByTag(tag: number, pepperId: string, scope: Scope): Promise<ImportedCandidate[]>
  /** Ids of the projects of which a key has an imported secret. */
  listImportedProjects(): Promise<string[]>
  findTokenForVerification(id: string): Promise<TokenRow | null>
  /** Writes the times of last use; not audited. */
  recordUses(uses: SecretUse[]): Promise<void>

  findIdempotency(actorId: string, key: string, now: number): Promise<IdempotencyRecord | null>

  /** Newest first. */
  listAuditEvents(filter: AuditFilter): Promise<AuditRecord[]>
  /** Oldest first, for walking the chain. */
  readAuditChain(afterSeq: number, limit: number): Promise<AuditRecord[]>
  auditHead(): Promise<ChainHead>

  /** Id of this installation, made when its database was. */
  readonly instanceId: string
  watchChanges(listener: ChangeListener): void
  /** Rejects when the storage cannot be read. */
  ping(): Promise<void>
  /** Finishes what is queued, then closes. */
  close(): Promise<void>
}

/** How long the record of a carried-out request is kept: 24 hours. */
export const IDEMPOTENCY_TTL_MS = 86_400_000

/** The storage cannot answer: locked, full, unreachable, or failing. Nothing was written. */
export class StorageUnavailable extends Error {
  override name = 'StorageUnavailable'
}
