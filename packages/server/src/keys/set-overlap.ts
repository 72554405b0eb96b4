import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from './deps.ts'
import { findKey, findUnrevokedKey } from './edit.ts'
import { type Key, overlappingSecret } from './key.ts'
import { requireRightsOf } from './require-rights.ts'

/** Moves the end of the older secret to `overlapSeconds` from now; 0 ends it at once. */
export async function setOverlap(
  deps: Deps,
  caller: Caller,
  id: string,
  overlapSeconds: number,
): Promise<Key> {
  const now = deps.now()
  const key = await findUnrevokedKey(deps, caller, id, now)
  const older = overlappingSecret(key, now)
  if (!older) {
    throw new ApiError('no_overlap', {
      detail: 'Only the present secret of this key works, so there is no overlap to change.',
      extras: { keyId: key.id },
    })
  }
  const endsAt = now + overlapSeconds * 1000
  // A longer life of the older secret hands out the rights of the key once more.
  if (older.endsAt !== null && endsAt > older.endsAt) await requireRightsOf(deps, caller, key)
  const change = describeChange(caller, {
    at: now,
    action: 'key.overlap_set',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details: { version: older.version, from: older.endsAt, to: endsAt },
  })
  const end = { keyId: key.id, projectId: key.projectId, version: older.version, endsAt }
  requireWritten(await deps.store.setSecretEnd({ ...end, updatedAt: now }, change))
  return findKey(deps, caller, key.id)
}
