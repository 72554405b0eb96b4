import { ALL_PERMISSIONS } from '@keysmith/contract'
import { parseKey } from '@keysmith/key-format'
import { isPublished } from '@keysmith/key-format/scanners'
import { describeChange, SYSTEM } from '../audit/change.ts'
import { EXIT, StartRefused } from '../exit.ts'
import type { Deps } from '../keys/deps.ts'
import { newSecret } from '../keys/new-secret.ts'
import { secretSha256 } from '../keys/secret-digest.ts'
import type { Token } from './token.ts'

/**
 * Installs a management token that the operator made, with every permission, for machines that no
 * human touches. It acts once: a token of that id, also a revoked one, is left as it is.
 */
export async function installBootstrapToken(deps: Deps, secret: string | null): Promise<void> {
  if (secret === null) return
  const presented = parseKey(secret)
  if (!presented.ok || presented.kind !== 'root' || isPublished(presented.id)) {
    throw new StartRefused(
      EXIT.settings,
      'KEYSMITH_BOOTSTRAP_TOKEN is not a management token of your own. Make one with keysmith key generate --kind root.',
    )
  }
  const { id } = presented
  if (await deps.store.findTokenForVerification(id)) return
  const now = deps.now()
  const token: Token = {
    id,
    name: 'bootstrap',
    permissions: [...ALL_PERMISSIONS],
    projectId: null,
    createdAt: now,
    createdBy: 'bootstrap',
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  }
  const { stored } = newSecret(deps, {
    id,
    brand: presented.brand,
    kind: 'root',
    secretSha256: secretSha256(secret),
    afterVersion: 0,
    now,
  })
  const change = describeChange(SYSTEM, {
    at: now,
    action: 'token.created',
    target: { kind: 'token', id },
    projectId: null,
    details: { name: token.name, permissions: token.permissions, bootstrap: true },
  })
  await deps.store.insertToken(token, stored, change)
}
