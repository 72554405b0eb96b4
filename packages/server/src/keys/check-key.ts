import type { VerdictCode, VerifyRequest } from '@keysmith/contract'
import { holds } from '../access/permissions.ts'
import { allowsModel } from './allowed-models.ts'
import { hasEnded } from './key.ts'
import type { CachedKey } from './row-cache.ts'

/** The codes of steps 3 to 9: what the key itself says, before its limits. */
export type Refused = Exclude<VerdictCode, 'valid' | 'rate_limited' | 'quota_exhausted'>

/** The code of the first step from 3 to 9 that fails, or null. */
export function checkKey(row: CachedKey, request: VerifyRequest, now: number): Refused | null {
  return checkState(row, now) ?? checkRequest(row, request)
}

/** Steps 3 to 6: the state of key, project and secret at `now`. An end is inclusive. */
function checkState(row: CachedKey, now: number): Refused | null {
  if (hasEnded(row.revokedAt, now)) return 'revoked'
  if (!row.isEnabled) return 'disabled'
  if (row.notBefore !== null && now < row.notBefore) return 'not_yet_valid'
  if (hasEnded(row.endsAt, now)) return 'expired'
  return null
}

/** Steps 7 to 9: a field left out (undefined) fails closed, null says that it does not apply. */
function checkRequest(
  { permissions: held, allowedModels, allowsAddress }: CachedKey,
  { ip, permissions, model }: VerifyRequest,
): Refused | null {
  if (allowsAddress && ip !== null) {
    if (ip === undefined) return 'ip_required'
    if (!allowsAddress(ip)) return 'ip_not_allowed'
  }
  if (permissions?.some((wanted) => !holds(held, wanted))) {
    return 'missing_permission'
  }
  if (allowedModels && model !== null) {
    if (model === undefined) return 'model_required'
    if (!allowsModel(allowedModels, model)) return 'model_not_allowed'
  }
  return null
}
