import type { ImportedCandidate, ImportedRef, KeyStore, Scope } from '../store/key-store.ts'
import { importTag } from './imported-digest.ts'
import type { Peppers } from './pepper.ts'
import { matchesSlowDigest } from './slow-digest.ts'

/** Runs what uses Argon2id, a bounded number at a time. */
export type RunSlowly = <T>(task: () => Promise<T>) => Promise<T>

interface Lookup {
  store: KeyStore
  peppers: Peppers
}

/**
 * The imported secret of this SHA-256 in the scope, under whichever pepper it was stored: by its digest,
 * else among the few of its tag. null when there is none, whatever the state of the key otherwise.
 */
export async function findImportedSecret(
  deps: Lookup,
  sha256: string,
  scope: Scope,
  slowly: RunSlowly,
): Promise<ImportedRef | null> {
  return (await findFast(deps, sha256, scope)) ?? (await findSlow(deps, sha256, scope, slowly))
}

async function findFast({ store, peppers }: Lookup, sha256: string, scope: Scope) {
  const bytes = Buffer.from(sha256, 'hex')
  const found = await Promise.all(
    peppers.ids.map((id) => store.findImportedByDigest(peppers.hmac(id, bytes), scope)),
  )
  return found.find((ref) => ref !== null) ?? null
}

/** No dummy for a tag without candidates: it would let every string that is sent cost 20 ms. */
async function findSlow(deps: Lookup, sha256: string, scope: Scope, slowly: RunSlowly) {
  const { store, peppers } = deps
  const found = await Promise.all(
    peppers.ids.map(async (pepperId) => {
      const tag = importTag(peppers, pepperId, sha256)
      const candidates = await store.findImportedByTag(tag, pepperId, scope)
      return candidates.length === 0
        ? null
        : slowly(() => firstMatch(candidates, peppers.hmac(pepperId, Buffer.from(sha256, 'hex'))))
    }),
  )
  return found.find((ref) => ref !== null) ?? null
}

/** One after the other: together they would take more than their share of memory. */
async function firstMatch(
  candidates: readonly ImportedCandidate[],
  keyed: Uint8Array,
): Promise<ImportedRef | null> {
  for (const candidate of candidates) {
    const { keyId, projectId, version } = candidate
    if (await matchesSlowDigest(candidate, keyed)) return { keyId, projectId, version }
  }
  return null
}
