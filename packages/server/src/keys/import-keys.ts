import { type ImportKey, MAX_IMPORT_LINES } from '@keysmith/contract'
import pLimit from 'p-limit'
import { requireHeld } from '../access/permissions.ts'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError, invalidField } from '../errors.ts'
import { findProject } from '../projects/find-project.ts'
import { type ImportedRef, StorageUnavailable } from '../store/key-store.ts'
import type { Deps } from './deps.ts'
import { draftKey } from './draft-key.ts'
import { allPermissions } from './effective.ts'
import { findImportedSecret, type RunSlowly } from './find-imported-secret.ts'
import { findKeyPolicies } from './find-key-policies.ts'
import { isFast, keepFast, keepSlow } from './imported-digest.ts'
import type { ImportedSecret, Key, Project } from './key.ts'
import { isPublishedSha256 } from './published-secrets.ts'
import { refuseOwnSecret } from './refuse-own-secret.ts'

/** A line as it arrived: a body, or why it is none. */
export type ImportLine = { line: number } & ({ body: ImportKey } | { error: ApiError })

export type LineOutcome = { line: number } & (
  | { outcome: 'imported' | 'existing'; keyId: string }
  | { outcome: 'refused'; error: ApiError }
)

export interface Import {
  lines: readonly ImportLine[]
  /** Id or name; the project of the caller when it is left out. */
  project: string | undefined
  /** Random bits of each string as its issuer attests; undefined = nobody says. */
  entropyBits: number | undefined
  /** Aborted when nobody waits for the answer, or too long: the lines that are left are not tried. */
  signal: AbortSignal
}

/**
 * Makes a key of each line: all of it or nothing, and no line touches another. What the project holds
 * already stays as it is, so an import can be repeated.
 */
export async function importKeys(
  deps: Deps,
  caller: Caller,
  { lines, project: wanted, entropyBits, signal }: Import,
): Promise<LineOutcome[]> {
  const project = await findProject(deps, caller.principal, wanted)
  const hashing = pLimit(1)
  const run: Run = { deps, caller, project, fast: isFast(entropyBits), slowly: hashing, signal }
  // Fast lines go together and share commits; slow ones one by one, so that each sees those before it.
  const atATime = pLimit(run.fast ? MAX_IMPORT_LINES : 1)
  return deps.imported.importing.run(async () => {
    const results = await Promise.allSettled(
      lines.map((line) => atATime(() => importLine(run, line))),
    )
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value
      throw result.reason instanceof StorageUnavailable ? incomplete(result.reason) : result.reason
    })
  })
}

interface Run {
  deps: Deps
  caller: Caller
  project: Project
  fast: boolean
  slowly: RunSlowly
  signal: AbortSignal
}

/** A line that is not good is an outcome; only a failure of the service is an error. */
async function importLine(run: Run, arrived: ImportLine): Promise<LineOutcome> {
  const { line } = arrived
  if ('error' in arrived) return { line, outcome: 'refused', error: arrived.error }
  try {
    return { line, ...(await importKey(run, arrived.body)) }
  } catch (error) {
    if (error instanceof ApiError) return { line, outcome: 'refused', error }
    throw error
  }
}

type Kept = { outcome: 'imported' | 'existing'; keyId: string }

async function importKey(run: Run, body: ImportKey): Promise<Kept> {
  const { deps, caller, project, fast, slowly, signal } = run
  if (signal.aborted) throw tooLate()
  const { secretSha256: sha256, start = null } = body
  requireUnpublished(sha256)
  refuseOwnSecret(body)
  const now = deps.now()
  const policies = await findKeyPolicies(deps, project.id, body.policyIds)
  const draft = draftKey(withoutDefaultExpiry(deps), caller, body, { project, policies }, now)
  requireHeld(caller.principal, allPermissions(draft, policies))

  const find = () => findImportedSecret(deps, sha256, null, slowly)
  const present = await find()
  if (present) return existing(project, present)
  const kept = fast
    ? keepFast(deps.peppers, sha256)
    : await slowly(() => keepSlow(deps.peppers, sha256))
  const facts = { version: now, mintedBy: 'import' as const, createdAt: now, start }
  const key: Key = { ...draft, secrets: [{ ...facts, endsAt: null, lastUsedAt: null }] }
  const outcome = await insert(run, key, { ...facts, ...kept })
  // Another line of the same request was a moment earlier.
  if (outcome === 'secret_taken') return existing(project, await find())
  requireWritten(outcome)
  deps.imported.projects.add(project.id)
  return { outcome: 'imported', keyId: key.id }
}

/** A key in use goes on living as before, or as long as it may. */
function withoutDefaultExpiry(deps: Deps): Deps {
  return { ...deps, rules: { ...deps.rules, defaultDays: null } }
}

function insert({ deps, caller }: Run, key: Key, secret: ImportedSecret) {
  const change = describeChange(caller, {
    at: key.createdAt,
    action: 'key.imported',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details: {
      name: key.name,
      permissions: key.permissions,
      ...(key.policyIds.length > 0 && { policyIds: key.policyIds }),
      secretVersion: secret.version,
      hashClass: secret.argon2 ? 'argon2id' : 'hmac',
    },
  })
  return deps.store.insertImportedKey(key, secret, change)
}

function requireUnpublished(sha256: string): void {
  if (isPublishedSha256(sha256)) {
    throw invalidField(
      'secretSha256',
      'this is the digest of a published test vector, which everybody knows',
    )
  }
}

function tooLate(): ApiError {
  return new ApiError('overloaded', {
    detail: 'The time of the import was over before this line was tried. Send it again.',
  })
}

/** Nobody learns where else a string is in use. */
function existing(project: Project, present: ImportedRef | null): Kept {
  if (present?.projectId === project.id) return { outcome: 'existing', keyId: present.keyId }
  throw new ApiError('secret_taken', {
    detail: 'This string is in use elsewhere in this installation. Create a new key instead.',
  })
}

/** Some lines may be there: unlike other changes, an import that fails is not nothing. */
function incomplete(cause: StorageUnavailable): ApiError {
  return new ApiError('storage_unavailable', {
    detail:
      'Some lines may be imported. Send the same import again: what is there is not made twice.',
    cause,
    retryAfterSeconds: 1,
  })
}
