import {
  isUsedUp,
  type KeyDraft,
  LineRefused,
  limitsOf,
  pick,
  type Row,
  readFacts,
  readLabels,
  readObject,
  readSwitch,
  readText,
  readTexts,
  readTime,
} from './record.ts'
import { readSha256 } from './sha256-text.ts'

const LIMITS = [
  'remaining',
  'remaining_requests',
  'credits',
  'ratelimits',
  'ratelimit_limit',
  'roles',
]

/** A row of the table `keys` of Unkey, or an entry for its migration: `hash` is the SHA-256 in base64. */
export function fromUnkey(row: Row): KeyDraft {
  const secretSha256 = readSha256(readText(row, 'hash') ?? '')
  if (secretSha256 === null) throw new LineRefused('hash is not a SHA-256')
  if (pick(row, 'deletedAtM', 'deleted_at_m', 'deletedAt', 'deleted_at') !== undefined) {
    throw new LineRefused('the key was deleted there')
  }
  const permissions = readTexts(row, 'permissions')
  return {
    key: {
      secretSha256,
      ...readFacts(row, 'externalId', 'external_id', 'ownerId', 'owner_id'),
      enabled:
        readSwitch(row, 'enabled', true) &&
        ![row, readObject(row, 'credits') ?? {}].some((counts) => isUsedUp(counts, 'remaining')) &&
        !isUsedUp(row, 'remaining_requests'),
      expiresAt: readTime(row, 'expires'),
      ...(permissions !== null && { permissions }),
      ...readLabels(row, 'meta'),
    },
    dropped: limitsOf(row, ...LIMITS),
  }
}
