import type { ImportedRef, Scope } from '../store/key-store.ts'
import { toCachedKey } from './cached-key.ts'
import type { VerifyDeps } from './deps.ts'
import { findImportedSecret } from './find-imported-secret.ts'
import type { CachedKey } from './row-cache.ts'

const MAX_BYTES = 1024

/** Can this string be an imported secret of the scope? Decided before anything is looked up. */
export function mayBeImported(
  { imported }: Pick<VerifyDeps, 'imported'>,
  scope: Scope,
  secret: string,
): boolean {
  if (!imported.projects.mayHold(scope)) return false
  if (secret.length === 0 || secret.length > MAX_BYTES) return false
  // A lone surrogate becomes U+FFFD as UTF-8: two strings would have one digest.
  return secret.isWellFormed() && Buffer.byteLength(secret) <= MAX_BYTES
}

/**
 * The key of an imported string, by what is kept of it. Argon2id is spared for a minute; the row is read
 * each time, so that no change of the key is seen late.
 */
export async function findImportedKey(
  deps: VerifyDeps,
  scope: Scope,
  sha256: string,
): Promise<CachedKey | null> {
  const { memory, hashing } = deps.imported
  const remembered = memory.get(sha256)
  const row = remembered ? await readRow(deps, sha256, remembered) : null
  if (row) return row
  const ref = await findImportedSecret(deps, sha256, scope, (task) => hashing.run(task))
  if (!ref) return null
  memory.remember(sha256, ref)
  return readRow(deps, sha256, ref)
}

/** The row of that secret, or null when a rotation has removed it since. */
async function readRow(
  { store, rowCache }: VerifyDeps,
  sha256: string,
  ref: ImportedRef,
): Promise<CachedKey | null> {
  const { epoch } = rowCache
  const readAt = performance.now()
  const found = await store.findForVerification(ref.keyId)
  const secret = found?.key.secrets.find(({ version }) => version === ref.version)
  if (!found || !secret) return null
  const row = toCachedKey(found, secret, readAt)
  rowCache.add(sha256, row, epoch)
  return row
}
