import { keyRates } from '../limits/limiter.ts'
import type { VerificationRow } from '../store/key-store.ts'
import { compileAddressList } from './address-list.ts'
import { effectiveKey } from './effective.ts'
import type { CachedKey } from './row-cache.ts'

/** The row as the cache holds it, with the secret that was presented. */
export function toCachedKey(
  { key, project, policies }: VerificationRow,
  secret: CachedKey['secret'],
  readAt: number,
): CachedKey {
  const effective = effectiveKey(key, policies, project)
  return {
    kind: 'key',
    id: key.id,
    key,
    project,
    policies,
    effective,
    rates: keyRates(key.id, effective.rateLimits),
    secret: { version: secret.version, endsAt: secret.endsAt },
    allowsAddress: effective.ipAllowlist && compileAddressList(effective.ipAllowlist),
    readAt,
  }
}
