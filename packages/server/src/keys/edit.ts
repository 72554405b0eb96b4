import type { Caller } from '../audit/change.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from './deps.ts'
import { isRevoked, type Key } from './key.ts'

/** The strong ETag of a record: it changes with every change. */
export function etag(record: { revision: number }): string {
  return `"${record.revision}"`
}

/** RFC 9110, 13.1.1: with `If-Match` the record must be the one that was read. */
export function requireRevision(record: { revision: number }, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*') return
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  if (tags.includes(etag(record))) return
  throw new ApiError('precondition_failed', {
    detail: 'It was changed since it was read. Read it again, then repeat with the new ETag.',
  })
}

/** The key that the caller may see; absent and foreign look the same. */
export async function findKey(
  { store }: Pick<Deps, 'store'>,
  { principal }: Pick<Caller, 'principal'>,
  id: string,
): Promise<Key> {
  const key = await store.getKey(id, principal.projectId)
  if (!key) {
    throw new ApiError('key_not_found', {
      detail: 'No key of this id is visible to the calling token.',
    })
  }
  return key
}

/** As `findKey`, and the key is not revoked. */
export async function findUnrevokedKey(
  deps: Pick<Deps, 'store'>,
  caller: Pick<Caller, 'principal'>,
  id: string,
  now: number,
): Promise<Key> {
  const key = await findKey(deps, caller, id)
  if (isRevoked(key, now)) {
    throw new ApiError('key_revoked', {
      detail: 'A revoked key stays revoked. Create a new one.',
      extras: { keyId: key.id },
    })
  }
  return key
}
