import type { AuditAction } from '@keysmith/contract'
import { redactKeys } from '@keysmith/key-format'
import type { Principal } from '../access/principal.ts'
import { ApiError } from '../errors.ts'
import type { Change, IdempotencyRecord, WriteOutcome } from '../store/key-store.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Who makes a change, in which request, and the idempotency key it came with. */
export interface Author {
  principal: Pick<Principal, 'id'> & { kind: AuditEntry['actor']['kind'] }
  requestId: string | null
  idempotency: Pick<IdempotencyRecord, 'key' | 'fingerprint'> | null
}

/** An author with rights: the caller of a route. */
export interface Caller extends Author {
  principal: Principal
}

/** The service itself, at its start. */
export const SYSTEM: Author = {
  principal: { kind: 'system', id: 'system' },
  requestId: null,
  idempotency: null,
}

/** The audit entry and idempotency record that a change is written with. */
export function describeChange(
  { principal, requestId, idempotency }: Author,
  change: {
    at: number
    action: AuditAction
    target: AuditEntry['target']
    projectId: string | null
    details?: Record<string, unknown>
    /** Version of the secret that the answer holds, when it cannot be answered again. */
    shownSecretVersion?: number
  },
): Change {
  const { at, action, target, projectId, details = {}, shownSecretVersion = null } = change
  return {
    entry: {
      at,
      action,
      actor: { kind: principal.kind, id: principal.id },
      target,
      projectId,
      requestId,
      details: JSON.parse(redactKeys(JSON.stringify(details))),
    },
    idempotency: idempotency && {
      ...idempotency,
      actorId: principal.id,
      targetId: target.id,
      secretVersion: shownSecretVersion,
      createdAt: at,
    },
  }
}

/** `ok` goes on, every other outcome is an error of the API. */
export function requireWritten(outcome: WriteOutcome): void {
  if (outcome === 'repeated') {
    throw new ApiError('idempotency_in_flight', {
      detail: 'The same request was carried out a moment ago. Send it again to get its answer.',
    })
  }
  if (outcome === 'conflict') {
    throw new ApiError('edit_conflict', {
      detail: 'It was changed or removed at the same moment. Read it again, then repeat.',
    })
  }
}
