import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import type { Deps } from './deps.ts'
import { findKey, findUnrevokedKey } from './edit.ts'
import type { Key } from './key.ts'
import { requireRightsOf } from './require-rights.ts'

/** Disables or enables a key; nothing happens when it is so already. Disabling always works. */
export async function setKeyEnabled(
  deps: Deps,
  caller: Caller,
  id: string,
  enabled: boolean,
): Promise<Key> {
  const now = deps.now()
  const key = await findUnrevokedKey(deps, caller, id, now)
  if (key.enabled === enabled) return key
  if (enabled) await requireRightsOf(deps, caller, key)
  const change = describeChange(caller, {
    at: now,
    action: enabled ? 'key.enabled' : 'key.disabled',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
  })
  const { projectId } = key
  const outcome = await deps.store.setKeyEnabled(
    { id: key.id, projectId, enabled, updatedAt: now },
    change,
  )
  const present = await findKey(deps, caller, id)
  if (present.enabled !== enabled) requireWritten(outcome)
  return present
}
