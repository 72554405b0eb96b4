import type { RevokeKey } from '@keysmith/contract'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from './deps.ts'
import { findKey } from './edit.ts'
import type { Key } from './key.ts'
import { refuseSecrets } from './refuse-secrets.ts'

/**
 * Ends a key for ever, at once or at a later time. A second revocation can only bring the end nearer;
 * otherwise it changes nothing and succeeds.
 */
export async function revokeKey(
  deps: Deps,
  caller: Caller,
  id: string,
  body: RevokeKey,
): Promise<Key> {
  refuseSecrets(body)
  const now = deps.now()
  const at = now + (body.afterSeconds ?? 0) * 1000
  const key = await findKey(deps, caller, id)
  if (key.revoked && key.revoked.at <= at) return key
  const overrideProtection = body.overrideProtection ?? false
  if (overrideProtection) requireHeld(caller.principal, ['keys:override_protection'])
  if (key.deletionProtection && !overrideProtection) {
    throw new ApiError('deletion_protected', {
      detail:
        'Switch deletionProtection off first, or send overrideProtection with a token that holds keys:override_protection. Disabling works at once.',
      extras: { keyId: key.id },
    })
  }
  const reason = body.reason ?? null
  const change = describeChange(caller, {
    at: now,
    action: 'key.revoked',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details: { at, reason, overrideProtection },
  })
  const { projectId } = key
  const revocation = { keyId: key.id, projectId, at, by: caller.principal.id, reason }
  const outcome = await deps.store.revokeKey(
    { ...revocation, overrideProtection, updatedAt: now },
    change,
  )
  const present = await findKey(deps, caller, id)
  const alreadyEnded = present.revoked && present.revoked.at <= at
  if (!alreadyEnded) requireWritten(outcome)
  return present
}
