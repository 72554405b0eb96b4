import type { QuotaCounter } from '../store/quota-store.ts'
import type { Deps } from './deps.ts'
import { type EffectiveKey, effectiveKey } from './effective.ts'
import type { Key } from './key.ts'

/** A key with what holds for it and what was used of its quotas. */
export interface KeyDescription {
  key: Key
  effective: EffectiveKey
  counters: QuotaCounter[]
}

export async function describeKey(deps: Pick<Deps, 'store'>, key: Key): Promise<KeyDescription> {
  const [description] = await describeKeys(deps, [key])
  if (!description) throw new Error(`key ${key.id} was not described`)
  return description
}

/** In the order of the keys; a few reads for all of them. */
export async function describeKeys(
  { store }: Pick<Deps, 'store'>,
  keys: readonly Key[],
): Promise<KeyDescription[]> {
  const ids = <Id>(all: Id[]) => [...new Set(all)]
  const policies = await store.findPolicies(ids(keys.flatMap((key) => key.policyIds)))
  const counters = await store.readCounters(keys.map((key) => key.id))
  const projectIds = ids(keys.map((key) => key.projectId))
  const found = await Promise.all(projectIds.map((id) => store.findProject(id, null)))
  return keys.flatMap((key) => {
    const project = found.find((each) => each?.id === key.projectId)
    // Its project was deleted between the reads, and the key is gone with it.
    if (!project) return []
    return {
      key,
      effective: effectiveKey(key, policies, project),
      counters: counters.filter((counter) => counter.keyId === key.id),
    }
  })
}
