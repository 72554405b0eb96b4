import type { VerdictCode, VerifyRequest } from '@keysmith/contract'
import { parseKey } from '@keysmith/key-format'
import { holds } from '../access/permissions.ts'
import type { Scope } from '../store/key-store.ts'
import type { VerifyDeps } from './deps.ts'
import { mayBeImported } from './find-imported-key.ts'
import { findPresentedKey } from './find-presented-key.ts'
import { hasEnded, isRevoked } from './key.ts'
import { allowsModel } from './policy.ts'
import type { CachedKey } from './row-cache.ts'
import { secretSha256 } from './secret-digest.ts'

/** The answer of a verification; `row` is there when the secret was accepted. */
export interface Verdict {
  code: VerdictCode
  row: CachedKey | null
}

/**
 * Is this secret good for this request? The first check that fails names the code. `scope` is what the
 * calling token may see: the key of another project is unknown to it. Nothing is written before the
 * answer, and only rows are remembered, so every request is decided anew at `now`.
 */
export function verifyKey(
  deps: VerifyDeps,
  scope: Scope,
  request: VerifyRequest,
  now: number,
): Verdict | Promise<Verdict> {
  const presented = parseKey(request.secret)
  if (!presented.ok && !mayBeImported(deps, scope, request.secret)) {
    return { code: 'malformed', row: null }
  }
  const sha256 = secretSha256(request.secret)
  const cached = deps.rowCache.get(sha256)
  if (cached?.kind === 'key') return decide(deps, cached, scope, request, now)
  return findPresentedKey(deps, scope, presented, sha256).then((row) =>
    row ? decide(deps, row, scope, request, now) : { code: 'unknown', row: null },
  )
}

function decide(
  deps: VerifyDeps,
  row: CachedKey,
  scope: Scope,
  request: VerifyRequest,
  now: number,
): Verdict {
  if (scope !== null && scope !== row.key.projectId) return { code: 'unknown', row: null }
  const code = checkState(row, now) ?? checkRequest(row, request) ?? 'valid'
  if (code === 'valid') deps.lastUsed.note('key', row.id, row.secret.version, now)
  return { code, row }
}

/** Steps 3 to 6: the state of key, project and secret at `now`. An end is inclusive. */
function checkState({ key, projectEnabled, secret }: CachedKey, now: number): VerdictCode | null {
  if (isRevoked(key, now)) return 'revoked'
  if (!key.enabled || !projectEnabled) return 'disabled'
  if (key.notBefore !== null && now < key.notBefore) return 'not_yet_valid'
  if (hasEnded(key.expiresAt, now) || hasEnded(secret.endsAt, now)) return 'expired'
  return null
}

/** Steps 7 to 9: a field left out (undefined) fails closed, null says that it does not apply. */
function checkRequest(
  { key, allowsAddress }: CachedKey,
  { ip, permissions, model }: VerifyRequest,
): VerdictCode | null {
  if (allowsAddress && ip !== null) {
    if (ip === undefined) return 'ip_required'
    if (!allowsAddress(ip)) return 'ip_not_allowed'
  }
  if (permissions?.some((wanted) => !holds(key.permissions, wanted))) return 'missing_permission'
  if (key.allowedModels && model !== null) {
    if (model === undefined) return 'model_required'
    if (!allowsModel(key.allowedModels, model)) return 'model_not_allowed'
  }
  return null
}
