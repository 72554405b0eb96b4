import { keyRates } from '../limits/limiter.ts'
import type { VerificationRow } from '../store/key-store.ts'
import { compileAddressList } from './address-list.ts'
import { type EffectiveKey, effectiveKey } from './effective.ts'
import type { Key, StoredSecret } from './key.ts'
import type { CachedKey } from './row-cache.ts'
import { presentVerifiedKey } from './verified-key.ts'

/** Most keys have no policies: one list for all of them. */
const NONE: CachedKey['policies'] = []

/** The row as the cache holds it, with the secret that was presented. */
export function toCachedKey(
  { key, project, policies }: VerificationRow,
  secret: Pick<StoredSecret, 'version'> & { endsAt: number | null },
  readAt: number,
): CachedKey {
  const effective = effectiveKey(key, policies, project)
  return {
    kind: 'key',
    id: key.id,
    projectId: key.projectId,
    revision: key.revision,
    isEnabled: key.enabled && project.enabled,
    revokedAt: key.revoked?.at ?? null,
    notBefore: key.notBefore,
    endsAt: earlier(effective.expiresAt, secret.endsAt),
    secretVersion: secret.version,
    permissions: effective.permissions,
    allowedModels: effective.allowedModels,
    allowsAddress: effective.ipAllowlist && compileAddressList(effective.ipAllowlist),
    rates: keyRates(key.id, effective.rateLimits),
    quotas: effective.quotas,
    project,
    policies: policies.length > 0 ? policies.map(({ id, revision }) => ({ id, revision })) : NONE,
    facts: factsOf(key, effective),
    readAt,
    usedAt: 0,
  }
}

/** They change with the row only, so they are serialised once. */
function factsOf(key: Key, effective: EffectiveKey): string {
  return JSON.stringify(presentVerifiedKey(key, effective))
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
