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
  readList,
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
  const { fields, columns } = together(readRest(row), readRate(row))
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
      ...fields,
    },
    dropped: limitsOf(row, ...LIMITS.filter((name) => !columns.includes(name))),
  }
}

/** What is filled up again there has no equal here. */
function readRest(row: Row): TakenLimits {
  const credits = readObject(row, 'credits') ?? {}
  const isRefilled = limitsOf({ ...row, ...credits }, 'refill', 'refill_amount', 'refillAmount')
  if (isRefilled.length > 0) return NO_LIMITS
  const remaining = pick(row, 'remaining', 'remaining_requests') ?? credits.remaining
  return restOf(remaining, 'remaining', 'remaining_requests', 'credits')
}

/** One that counts every request; those that a request has to name are something else. */
function readRate(row: Row): TakenLimits {
  const [rate, ...others] = readList(row, 'ratelimits') ?? []
  const { limit, duration, autoApply } = Object(rate)
  if (others.length > 0 || autoApply !== true) return NO_LIMITS
  return rateOf('requests', { limit, windowMs: duration }, 'ratelimits')
}
