import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import type { Token } from './token.ts'

/** The token that the caller may see; absent and foreign look the same. */
export async function findToken(
  { store }: Pick<Deps, 'store'>,
  { principal }: Pick<Caller, 'principal'>,
  id: string,
): Promise<Token> {
  const token = await store.getToken(id, principal.projectId)
  if (!token) {
    throw new ApiError('token_not_found', {
      detail: 'No token of this id is visible to the calling token.',
    })
  }
  return token
}

/** Ends a management token at once. A second revocation changes nothing and succeeds. */
export async function revokeToken(deps: Deps, caller: Caller, id: string): Promise<Token> {
  const token = await findToken(deps, caller, id)
  if (token.revokedAt !== null) return token
  const now = deps.now()
  const change = describeChange(caller, {
    at: now,
    action: 'token.revoked',
    target: { kind: 'token', id: token.id },
    projectId: token.projectId,
    details: { name: token.name },
  })
  const scope = caller.principal.projectId
  const outcome = await deps.store.revokeToken({ id: token.id, scope, at: now }, change)
  const present = await findToken(deps, caller, id)
  if (present.revokedAt === null) requireWritten(outcome)
  return present
}
