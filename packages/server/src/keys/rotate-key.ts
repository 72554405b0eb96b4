import { DEFAULT_OVERLAP_SECONDS, type RotateKey } from '@keysmith/contract'
import { type Caller, describeChange, requireWritten } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import { findProject } from '../projects/find-project.ts'
import type { Deps } from './deps.ts'
import { findKey, findUnrevokedKey } from './edit.ts'
import { currentSecret, type Key, overlappingSecret, type SecretFacts } from './key.ts'
import { newSecret } from './new-secret.ts'
import { requireRightsOf } from './require-rights.ts'
import { matchSecret } from './secret-digest.ts'

export interface Rotated {
  key: Key
  /** Shown once; null when the caller minted it. */
  secret: string | null
}

/**
 * Gives the key a new secret. The id, the rights and the history stay; the present secret goes on
 * working for the overlap. Two secrets at most work at any time, and none is ended silently.
 */
export async function rotateKey(
  deps: Deps,
  caller: Caller,
  id: string,
  body: RotateKey,
): Promise<Rotated> {
  const now = deps.now()
  const key = await findUnrevokedKey(deps, caller, id, now)
  requireSameId(key, body)
  await requireRightsOf(deps, caller, key)
  if (body.secretSha256 && (await isPresentSecret(deps, key, body.secretSha256))) {
    return { key, secret: null }
  }
  const keep = secretsToKeep(key, body, now)
  const { brand } = await findProject(deps, caller.principal, key.projectId)
  const present = currentSecret(key)
  const { stored, secret } = newSecret(deps, {
    id: key.id,
    brand,
    kind: key.environment,
    secretSha256: body.secretSha256,
    afterVersion: present.version,
    now,
  })
  const { version, mintedBy } = stored
  const change = describeChange(caller, {
    at: now,
    action: 'key.rotated',
    target: { kind: 'key', id: key.id },
    projectId: key.projectId,
    details: { from: present.version, to: version, mintedBy, ends: keep },
    ...(secret === null ? {} : { shownSecretVersion: version }),
  })
  const replacement = {
    keyId: key.id,
    projectId: key.projectId,
    expectedVersion: present.version,
    secret: stored,
    keep,
    updatedAt: now,
  }
  requireWritten(await deps.store.replaceSecret(replacement, change))
  return { key: await findKey(deps, caller, key.id), secret }
}

function requireSameId(key: Key, { id }: RotateKey): void {
  if (id === undefined || id === key.id) return
  throw new ApiError('id_mismatch', {
    detail: 'A rotation keeps the id of the key. Mint the secret with that id.',
    extras: { keyId: key.id },
  })
}

/** A repeated rotation with the same minted secret changes nothing; an older secret cannot come back. */
async function isPresentSecret(deps: Deps, key: Key, sha256: string): Promise<boolean> {
  const row = await deps.store.findForVerification(key.id)
  const match = matchSecret(deps.peppers, row?.secrets ?? [], sha256)
  if (!match) return false
  if (match.version === currentSecret(key).version) return true
  throw new ApiError('policy_violation', {
    detail: 'This secret was replaced before and cannot come back. Mint a new one.',
  })
}

/**
 * Which secrets stay beside the new one, and until when. With `replaces` the present secret was lost on
 * its way and goes at once; the older one keeps its end. With an overlap of 0 all end now.
 */
function secretsToKeep(key: Key, body: RotateKey, now: number) {
  const present = currentSecret(key)
  const older = overlappingSecret(key, now)
  if (body.replaces !== undefined) {
    requirePresentVersion(key, present, body.replaces)
    return older?.endsAt == null ? [] : [{ version: older.version, endsAt: older.endsAt }]
  }
  const overlap = body.overlapSeconds ?? key.rotation?.overlapSeconds ?? DEFAULT_OVERLAP_SECONDS
  if (older && overlap > 0) throw overlapRunning(key, [present, older])
  return [{ version: present.version, endsAt: now + overlap * 1000 }]
}

function requirePresentVersion(key: Key, present: SecretFacts, replaces: number): void {
  if (present.version === replaces) return
  throw new ApiError('edit_conflict', {
    detail: 'replaces must name the present secret. Read the key again for its secretVersion.',
    extras: { keyId: key.id, secretVersion: present.version },
  })
}

function overlapRunning(key: Key, secrets: SecretFacts[]): ApiError {
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return new ApiError('overlap_running', {
    detail:
      'An older secret still works, and two is the most. Wait for its end, end the overlap, or rotate with overlapSeconds 0.',
    extras: {
      keyId: key.id,
      secrets: secrets.map(({ version, endsAt, lastUsedAt }) => ({
        version,
        endsAt: time(endsAt),
        lastUsedAt: time(lastUsedAt),
      })),
    },
  })
}
