import { keyRates } from '../limits/limiter.ts'
import type { VerificationRow } from '../store/key-store.ts'
import { compileAddressList } from './address-list.ts'
import { effectiveKey } from './effective.ts'
import type { Key } from './key.ts'
import type { CachedKey, RememberedKey } from './row-cache.ts'

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
    key: remember(key),
    project,
    policies,
    effective,
    rates: keyRates(key.id, effective.rateLimits),
    secret: { version: secret.version, endsAt: secret.endsAt },
    allowsAddress: effective.ipAllowlist && compileAddressList(effective.ipAllowlist),
    facts: null,
    readAt,
  }
}

function remember(key: Key): RememberedKey {
  const { id, projectId, name, owner, environment, enabled, metadata, notBefore } = key
  const { revoked, revision } = key
  return {
    id,
    projectId,
    name,
    owner,
    environment,
    enabled,
    metadata,
    notBefore,
    revoked,
    revision,
  }
}
