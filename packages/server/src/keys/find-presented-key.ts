import { compileAddressList } from './address-list.ts'
import type { VerifyDeps } from './deps.ts'
import type { CachedKey } from './row-cache.ts'
import { matchSecret } from './secret-digest.ts'

/**
 * Reads the row of the public id and compares the digest: null for an absent id, another secret, or a
 * secret of another kind than its key. An accepted row is remembered.
 */
export async function findPresentedKey(
  { store, rowCache, peppers }: VerifyDeps,
  presented: { id: string; kind: string },
  sha256: string,
): Promise<CachedKey | null> {
  const { epoch } = rowCache
  const readAt = performance.now()
  const found = await store.findForVerification(presented.id)
  const secret = matchSecret(peppers, found?.secrets ?? [], sha256)
  if (!found || !secret || found.key.environment !== presented.kind) return null
  const { key, projectEnabled } = found
  const row: CachedKey = {
    kind: 'key',
    id: key.id,
    key,
    projectEnabled,
    secret: { version: secret.version, endsAt: secret.endsAt },
    allowsAddress: key.ipAllowlist && compileAddressList(key.ipAllowlist),
    readAt,
  }
  rowCache.add(sha256, row, epoch)
  return row
}
