import type { CreateKey } from '@keysmith/contract'
import { isPublished } from '@keysmith/key-format/scanners'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError, invalidField } from '../errors.ts'
import { findProject } from '../projects/find-project.ts'
import type { Deps } from './deps.ts'
import { draftKey } from './draft-key.ts'
import { findKey } from './edit.ts'
import { allPermissions } from './effective.ts'
import { findKeyPolicies } from './find-key-policies.ts'
import type { Key } from './key.ts'
import { modelWarnings } from './model-warnings.ts'
import { newSecret } from './new-secret.ts'
import { matchSecret } from './secret-digest.ts'

export interface Issued {
  key: Key
  /** Shown once; null when the caller minted it. */
  secret: string | null
  /** False when this was the repetition of a create that had been carried out. */
  created: boolean
  /** What was done and may be a mistake. */
  warnings: string[]
}

/** Creates a key, with a secret minted here or registered by its SHA-256. */
export async function issueKey(deps: Deps, caller: Caller, body: CreateKey): Promise<Issued> {
  requirePair(body)
  const now = deps.now()
  const project = await findProject(deps, caller.principal, body.project)
  const policies = await findKeyPolicies(deps, project.id, body.policyIds)
  const draft = draftKey(deps, caller, body, { project, policies }, now)
  requireHeld(caller.principal, allPermissions(draft, policies))
  const { stored, secret } = newSecret(deps, {
    id: draft.id,
    brand: project.brand,
    kind: draft.environment,
    secretSha256: body.secretSha256,
    afterVersion: 0,
    now,
  })
  const key: Key = {
    ...draft,
    secrets: [{ ...stored, endsAt: null, lastUsedAt: null, start: null }],
  }
  const { version, mintedBy } = stored
  const change = describeChange(caller, {
    at: now,
    action: 'key.created',
    target: { kind: 'key', id: key.id },
    projectId: project.id,
    details: {
      name: key.name,
      permissions: key.permissions,
      ...(key.policyIds.length > 0 && { policyIds: key.policyIds }),
      secretVersion: version,
      mintedBy,
    },
    ...(secret === null ? {} : { shownSecretVersion: version }),
  })
  const outcome = await deps.store.insertKey(key, stored, change)
  if (outcome === 'id_taken') return repeatedCreate(deps, caller, key.id, body.secretSha256)
  requireWritten(outcome)
  const warnings = modelWarnings(key.allowedModels, project)
  return { key, secret, created: true, warnings }
}

/** `id` and `secretSha256` belong together: both name the secret that the caller minted. */
function requirePair({ id, secretSha256 }: CreateKey): void {
  if (secretSha256 !== undefined && id === undefined) {
    throw invalidField(
      'id',
      'give the id inside the secret that you minted, or leave out secretSha256',
    )
  }
  if (id !== undefined && secretSha256 === undefined) {
    throw invalidField(
      'secretSha256',
      'give the SHA-256 of the secret that you minted, or leave out id',
    )
  }
  if (id !== undefined && isPublished(id)) {
    throw invalidField('id', 'this is the id of a published test vector; mint a secret of your own')
  }
}

/**
 * The id exists. The same caller with the same digest repeats a create whose answer was lost, and gets
 * it again; for anybody else the id is taken, whoever has it.
 */
async function repeatedCreate(
  deps: Deps,
  caller: Caller,
  id: string,
  sha256: string | undefined,
): Promise<Issued> {
  const { store, peppers } = deps
  const { principal } = caller
  const row = await store.findForVerification(id)
  const visible = principal.projectId === null || principal.projectId === row?.key.projectId
  const same = row && visible && row.key.createdBy === principal.id && sha256 !== undefined
  if (same && matchSecret(peppers, row.secrets, sha256)) {
    const key = await findKey(deps, caller, id)
    return { key, secret: null, created: false, warnings: [] }
  }
  throw new ApiError('id_taken', { detail: 'This id was used before. Mint another secret.' })
}
