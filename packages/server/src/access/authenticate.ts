import { parseKey } from '@keysmith/key-format'
import type { VerifyDeps } from '../keys/deps.ts'
import { hasEnded } from '../keys/key.ts'
import type { CachedToken } from '../keys/row-cache.ts'
import { matchSecret, secretSha256 } from '../keys/secret-digest.ts'
import type { Principal } from './principal.ts'

const USUAL_SCHEME = 'Bearer '
/** RFC 6750: the scheme in any case, one space or more, exactly one token of b64token characters. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const MAX_HEADER_LENGTH = 256

/**
 * The principal of an Authorization header with a management token, or null. Issued keys are of another
 * kind and never accepted here. A token in the row cache is answered in the same turn.
 */
export function authenticate(
  deps: VerifyDeps,
  header: string | undefined,
  now: number,
): Principal | null | Promise<Principal | null> {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) return null
  const cached = findRemembered(deps, header)
  if (cached) return toPrincipal(deps, cached, now)
  const bearer = BEARER.exec(header)?.[1]
  const presented = parseKey(bearer)
  if (bearer === undefined || !presented.ok || presented.kind !== 'root') return null
  const sha256 = secretSha256(bearer)
  return findPresentedToken(deps, presented.id, sha256).then((row) =>
    row ? toPrincipal(deps, row, now) : null,
  )
}

/** As `authenticate`, of a token in the row cache alone; null says nothing about others. */
export function rememberedPrincipal(
  deps: VerifyDeps,
  header: string | undefined,
  now: number,
): Principal | null {
  const cached = header === undefined ? null : findRemembered(deps, header)
  return cached && toPrincipal(deps, cached, now)
}

/** A remembered token needs no parsing: only the whole string has its digest. */
function findRemembered({ rowCache }: VerifyDeps, header: string): CachedToken | null {
  if (header.length > MAX_HEADER_LENGTH || !header.startsWith(USUAL_SCHEME)) return null
  const row = rowCache.get(secretSha256(header.slice(USUAL_SCHEME.length)))
  return row?.kind === 'token' ? row : null
}

async function findPresentedToken(
  { store, rowCache, peppers }: VerifyDeps,
  id: string,
  sha256: string,
): Promise<CachedToken | null> {
  const { epoch } = rowCache
  const readAt = performance.now()
  const found = await store.findTokenForVerification(id)
  const secret = matchSecret(peppers, found ? [found.secret] : [], sha256)
  if (!found || !secret) return null
  // Not the id of the parsed secret: as a slice it would keep the whole secret in memory.
  const { name, permissions, projectId, expiresAt, revokedAt } = found.token
  const row: CachedToken = {
    kind: 'token',
    id: found.token.id,
    principal: { kind: 'token', id: found.token.id, name, permissions, projectId, expiresAt },
    revokedAt,
    secretVersion: secret.version,
    readAt,
    usedAt: 0,
  }
  rowCache.add(sha256, row, epoch)
  return row
}

function toPrincipal({ lastUsed }: VerifyDeps, row: CachedToken, now: number): Principal | null {
  const { principal, revokedAt } = row
  if (revokedAt !== null || hasEnded(principal.expiresAt, now)) return null
  lastUsed.note(row, now)
  return principal
}
