import type { VerifiedKey } from '@keysmith/contract'
import type { EffectiveKey } from './effective.ts'
import type { Key } from './key.ts'

/** What a verdict says of a key: what is not named here does not leave the server. */
export function presentVerifiedKey(key: Key, effective: EffectiveKey): VerifiedKey {
  const { expiresAt } = effective
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    project: key.projectId,
    environment: key.environment,
    permissions: effective.permissions,
    allowedModels: effective.allowedModels,
    metadata: key.metadata,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }
}
