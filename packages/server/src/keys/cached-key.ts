import type { VerificationRow } from '../store/key-store.ts'
import { compileAddressList } from './address-list.ts'
import type { CachedKey } from './row-cache.ts'

/** The row as the cache holds it, with the secret that was presented. */
export function toCachedKey(
  { key, projectEnabled }: VerificationRow,
  secret: CachedKey['secret'],
  readAt: number,
): CachedKey {
  return {
    kind: 'key',
    id: key.id,
    key,
    projectEnabled,
    secret: { version: secret.version, endsAt: secret.endsAt },
    allowsAddress: key.ipAllowlist && compileAddressList(key.ipAllowlist),
    readAt,
  }
}
