import { parseKey } from '@keysmith/key-format'
import type { VerifyDeps } from '../keys/deps.ts'
import { hasEnded } from '../keys/key.ts'
import type { CachedToken } from '../keys/row-cache.ts'
import { matchSecret, secretSha256 } from '../keys/secret-digest.ts'
import type { Principal } from './principal.ts'

/** RFC 6750: the scheme in any case, one space or more, exactly one token of b64token characters. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const MAX_HEADER_LENGTH = 256

/** The token of an Authorization header, or null when it is not a bearer token. */
export function readBearer(header: string | undefined): string | null {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) return null
  return BEARER.exec(header)?.[1] ?? null
}

/**
 * The principal of a management token, or null. Issued keys are of another kind and never accepted
 * here. A token in the row cache is answered in the same turn.
 */
export function authenticate(
  deps: VerifyDeps,
  bearer: string,
  now: number,
): Principal | null | Promise<Principal | null> {
  const presented = parseKey(bearer)
  if (!presented.ok || presented.kind !== 'root') return null
  const sha256 = secretSha256(bearer)
  const cached = deps.rowCache.get(sha256)
  if (cached?.kind === 'token') return toPrincipal(deps, cached, now)
  return findPresentedToken(deps, presented.id, sha256).then((row) =>
    row ? toPrincipal(deps, row, now) : null,
  )
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
  const row: CachedToken = {
    kind: 'token',
    // Not the id of the parsed secret: as a slice it would keep the whole secret in memory.
    id: found.token.id,
    token: found.token,
    version: secret.version,
    readAt,
  }
  rowCache.add(sha256, row, epoch)
  return row
}

function toPrincipal(deps: VerifyDeps, { token, version }: CachedToken, now: number) {
  if (token.revokedAt !== null || hasEnded(token.expiresAt, now)) return null
  deps.lastUsed.note('token', token.id, version, now)
  const { id, name, permissions, projectId, expiresAt } = token
  return { kind: 'token' as const, id, name, permissions, projectId, expiresAt }
}
