import { LRUCache } from 'lru-cache'
import { keyRates } from '../limits/limiter.ts'
import type { VerificationRow } from '../store/key-store.ts'
import { compileAddressList } from './address-list.ts'
import { type EffectiveKey, effectiveKey } from './effective.ts'
import type { Key, StoredSecret } from './key.ts'
import type { CachedKey } from './row-cache.ts'
import { presentVerifiedKey } from './verified-key.ts'

/** Most keys have no policies and no limits, and many the same permissions: one list for all of them. */
const NONE: never[] = []
const LISTS = new LRUCache<string, readonly string[]>({ max: 1000 })

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
    permissions: shared(effective.permissions),
    allowedModels: effective.allowedModels,
    allowsAddress: effective.ipAllowlist && compileAddressList(effective.ipAllowlist),
    rates: effective.rateLimits.length > 0 ? keyRates(key.id, effective.rateLimits) : NONE,
    quotas: effective.quotas.length > 0 ? effective.quotas : NONE,
    project,
    policies: policies.length > 0 ? policies.map(({ id, revision }) => ({ id, revision })) : NONE,
    facts: factsOf(key, effective),
    readAt,
    usedAt: 0,
  }
}

function shared(list: readonly string[]): readonly string[] {
  const name = list.join(' ')
  const known = LISTS.get(name)
  if (known) return known
  LISTS.set(name, list)
  return list
}

/** They change with the row only, so they are serialised once. */
function factsOf(key: Key, effective: EffectiveKey): string {
  return JSON.stringify(presentVerifiedKey(key, effective))
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
