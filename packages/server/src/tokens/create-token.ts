import type { CreateToken } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import { requireHeld } from '../access/permissions.ts'
import type { Principal } from '../access/principal.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import { readExpiry } from '../keys/expiry.ts'
import { newSecret } from '../keys/new-secret.ts'
import { refuseSecrets } from '../keys/refuse-secrets.ts'
import { findProject } from '../projects/find-project.ts'
import type { Token } from './token.ts'

/** Creates a management token that holds no more, sees no more and lives no longer than the caller. */
export async function createToken(
  deps: Deps,
  caller: Caller,
  body: CreateToken,
): Promise<{ token: Token; secret: string }> {
  refuseSecrets(body)
  const { principal } = caller
  requireHeld(principal, body.permissions)
  const now = deps.now()
  const named = body.project !== undefined
  const projectId = named
    ? (await findProject(deps, principal, body.project)).id
    : principal.projectId
  const token: Token = {
    id: generateId(),
    name: body.name,
    permissions: body.permissions,
    projectId,
    createdAt: now,
    createdBy: principal.id,
    expiresAt: tokenExpiry(principal, readExpiry(body, now) ?? null),
    revokedAt: null,
    lastUsedAt: null,
  }
  const { stored, secret } = newSecret(deps, {
    id: token.id,
    brand: deps.rules.brand,
    kind: 'root',
    secretSha256: undefined,
    afterVersion: 0,
    now,
  })
  const change = describeChange(caller, {
    at: now,
    action: 'token.created',
    target: { kind: 'token', id: token.id },
    projectId,
    details: { name: token.name, permissions: token.permissions, expiresAt: token.expiresAt },
    shownSecretVersion: stored.version,
  })
  const outcome = await deps.store.insertToken(token, stored, change)
  if (outcome === 'id_taken' || secret === null) throw new ApiError('id_taken')
  requireWritten(outcome)
  return { token, secret }
}

function tokenExpiry(principal: Principal, wished: number | null): number | null {
  if (principal.expiresAt === null) return wished
  if (wished === null) return principal.expiresAt
  if (wished <= principal.expiresAt) return wished
  throw new ApiError('policy_violation', {
    detail: 'A token cannot outlive the one that creates it. Choose an earlier expiresAt.',
  })
}
