import {
  isUsedUp,
  type KeyDraft,
  LineRefused,
  limitsOf,
  type Row,
  readFacts,
  readLabels,
  readObject,
  readSwitch,
  readText,
  readTime,
} from './record.ts'
import { readSha256 } from './sha256-text.ts'

/** A row of the table `apikey` of Better Auth: `key` is the SHA-256 in base64url without padding. */
export function fromBetterAuth(row: Row): KeyDraft {
  const secretSha256 = readSha256(readText(row, 'key') ?? '')
  if (secretSha256 === null) {
    throw new LineRefused('key is not a SHA-256; with disableKeyHashing use --stdin')
  }
  return {
    key: {
      secretSha256,
      ...readFacts(row, 'referenceId', 'reference_id', 'userId', 'user_id'),
      enabled: readSwitch(row, 'enabled', true) && !isUsedUp(row, 'remaining'),
      expiresAt: readTime(row, 'expiresAt', 'expires_at'),
      ...readPermissions(row),
      ...readLabels(row, 'metadata'),
    },
    dropped: [
      ...limitsOf(row, 'remaining', 'refillAmount'),
      ...(readSwitch(row, 'rateLimitEnabled', false) ? ['rateLimitEnabled'] : []),
    ],
  }
}

/** `{ "files": ["read", "write"] }` is `files:read` and `files:write`. */
function readPermissions(row: Row): { permissions?: string[] } {
  const resources = readObject(row, 'permissions')
  if (resources === null) return {}
  const permissions = Object.entries(resources).flatMap(([resource, actions]) => {
    if (!Array.isArray(actions)) throw new LineRefused('permissions are not lists of actions')
    return actions.map((action) => `${resource}:${action}`)
  })
  return { permissions }
}
