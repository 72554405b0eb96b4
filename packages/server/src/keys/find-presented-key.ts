import type { ParsedKey } from '@keysmith/key-format'
import type { Scope } from '../store/key-store.ts'
import { toCachedKey } from './cached-key.ts'
import type { VerifyDeps } from './deps.ts'
import { findImportedKey } from './find-imported-key.ts'
import type { CachedKey } from './row-cache.ts'
import { matchSecret } from './secret-digest.ts'

/**
 * The key of a presented secret, or null. One of ours is found by its public id: null for an absent id,
 * another secret, or a secret of another kind than its key. Where the scope may hold imported keys, what
 * is not found in this way is looked up by its digest. An accepted row is remembered.
 */
export async function findPresentedKey(
  deps: VerifyDeps,
  scope: Scope,
  presented: ParsedKey,
  sha256: string,
): Promise<CachedKey | null> {
  const { store, rowCache, peppers, imported } = deps
  if (presented.ok) {
    const { epoch } = rowCache
    const readAt = performance.now()
    const found = await store.findForVerification(presented.id)
    const secret = matchSecret(peppers, found?.secrets ?? [], sha256)
    if (found && secret && found.key.environment === presented.kind) {
      const row = toCachedKey(found, secret, readAt)
      rowCache.add(sha256, row, epoch)
      return row
    }
  }
  return imported.projects.mayHold(scope) ? findImportedKey(deps, scope, sha256) : null
}
