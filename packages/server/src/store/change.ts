import type { AuditEntry } from '../audit/audit-entry.ts'

/** What a caller may see: one project, or null for all. Every statement carries it. */
export type Scope = string | null

/** A request that was carried out, so that its repetition is recognised. Kept for 24 hours. */
export interface IdempotencyRecord {
  actorId: string
  key: string
  /** SHA-256 of operation and body, hex. */
  fingerprint: string
  targetId: string
  /** Version of the secret that the lost answer held; null when it held none. */
  secretVersion: number | null
  createdAt: number
}

/** What is written in the same transaction as the change itself. */
export interface Change {
  entry: AuditEntry
  idempotency: IdempotencyRecord | null
}

/**
 * `ok`, or why nothing was written: `conflict` = the record is not as expected or is gone;
 * `repeated` = the idempotency key was used in the meantime.
 */
export type WriteOutcome = 'ok' | 'conflict' | 'repeated'

export interface PageRequest {
  limit: number
  cursor: { at: number; id: string } | null
}
