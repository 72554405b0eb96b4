import type { AuditAction } from '@keysmith/contract'

/** One change, as it is handed to the store together with the change itself. */
export interface AuditEntry {
  /** Epoch ms. */
  at: number
  action: AuditAction
  actor: { kind: 'token' | 'local' | 'system'; id: string }
  target: { kind: 'project' | 'key' | 'policy' | 'token'; id: string }
  projectId: string | null
  requestId: string | null
  /** Never a secret or a digest. */
  details: Record<string, unknown>
}

/** An entry as stored: numbered without gaps and chained by its hash. */
export interface AuditRecord extends AuditEntry {
  seq: number
  /** The exact text of `details` that went into the hash. */
  detailsJson: string
  hash: Uint8Array
}
