import { NO_LIMITS, rateOf, restOf, type TakenLimits, together } from './limits.ts'
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
  readTime,
} from './record.ts'
import { readSha256 } from './sha256-text.ts'

/** A row of the table `apikey` of Better Auth: `key` is the SHA-256 in base64url without padding. */
export function fromBetterAuth(row: Row): KeyDraft {
  const secretSha256 = readSha256(readText(row, 'key') ?? '')
  if (secretSha256 === null) {
    throw new LineRefused('key is not a SHA-256; with disableKeyHashing use --stdin')
  }
  const { fields, columns } = together(readRest(row), readRate(row))
  const limits = limitsOf(row, 'remaining', 'refillAmount')
  if (readSwitch(row, 'rateLimitEnabled', false)) limits.push('rateLimitEnabled')
  return {
    key: {
      secretSha256,
      ...readFacts(row, 'referenceId', 'reference_id', 'userId', 'user_id'),
      enabled: readSwitch(row, 'enabled', true) && !isUsedUp(row, 'remaining'),
      expiresAt: readTime(row, 'expiresAt', 'expires_at'),
      ...readPermissions(row),
      ...readLabels(row, 'metadata'),
      ...fields,
    },
    dropped: limits.filter((name) => !columns.includes(name)),
  }
}

/** What is filled up again there has no equal here. */
function readRest(row: Row): TakenLimits {
  return limitsOf(row, 'refillAmount').length > 0
    ? NO_LIMITS
    : restOf(pick(row, 'remaining'), 'remaining')
}

function readRate(row: Row): TakenLimits {
  if (!readSwitch(row, 'rateLimitEnabled', false)) return NO_LIMITS
  const rate = { limit: row.rateLimitMax, windowMs: row.rateLimitTimeWindow }
  return rateOf('requests', rate, 'rateLimitEnabled')
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
