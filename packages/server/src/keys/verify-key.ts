import type { VerifyRequest } from '@keysmith/contract'
import { parseKey } from '@keysmith/key-format'
import type { RequestAmounts } from '../limits/amounts.ts'
import type { LimitOutcome, RequestKey } from '../limits/limit-outcome.ts'
import { takeLimits } from '../limits/take-limits.ts'
import type { Scope } from '../store/key-store.ts'
import { checkKey, type Refused } from './check-key.ts'
import type { VerifyDeps } from './deps.ts'
import { mayBeImported } from './find-imported-key.ts'
import { findPresentedKey } from './find-presented-key.ts'
import type { CachedKey } from './row-cache.ts'
import { secretSha256 } from './secret-digest.ts'

const MAX_SECRET_LENGTH = 1024

/** What is asked: the request, by whom, and at which time. */
export interface Question {
  request: VerifyRequest
  amounts: RequestAmounts
  /** What the calling token may see: the key of another project is unknown to it. */
  scope: Scope
  requestKey: RequestKey | null
  now: number
}

/** The answer of a verification; `row` is there when the secret was accepted. */
export type Verdict =
  | { row: null; code: 'malformed' | 'unknown' }
  | ({ row: CachedKey } & (Refusal | Exclude<LimitOutcome, { code: 'stale' }>))

interface Refusal {
  code: Refused
}

/**
 * Is this secret good for this request? The first check that fails names the code. Only rows are
 * remembered, so every request is decided anew at `now`. Nothing is written before the answer but what
 * the request costs.
 */
export function verifyKey(deps: VerifyDeps, question: Question): Verdict | Promise<Verdict> {
  const { scope, request } = question
  const { secret } = request
  if (!isHashable(secret)) return { code: 'malformed', row: null }
  // First, because a remembered secret needs no parsing: only the whole string has this digest.
  const sha256 = secretSha256(secret)
  const cached = deps.rowCache.getKey(sha256, scope)
  if (cached) return decide(deps, cached, question)
  const presented = parseKey(secret)
  if (!presented.ok && !mayBeImported(deps, scope, secret)) return { code: 'malformed', row: null }
  return findPresentedKey(deps, scope, presented, sha256).then((row) =>
    row ? decide(deps, row, asOfNow(deps, question)) : { code: 'unknown', row: null },
  )
}

/** No longer than any secret, and not one of several strings with the same UTF-8. */
function isHashable(secret: string): boolean {
  return secret.length <= MAX_SECRET_LENGTH && secret.isWellFormed()
}

function decide(deps: VerifyDeps, row: CachedKey, question: Question): Verdict | Promise<Verdict> {
  const { scope, request, now } = question
  if (scope !== null && scope !== row.projectId) return { code: 'unknown', row: null }
  const code = checkKey(row, request, now)
  if (code) return conclude(deps, row, question, { code })
  const limits = takeLimits(deps, { ...question, row })
  if (!(limits instanceof Promise)) return conclude(deps, row, question, limits)
  return limits.then((outcome) => conclude(deps, row, question, outcome))
}

/**
 * A row is decided at a time after it was read: at an earlier one, a key that was revoked while the request
 * waited would still be good.
 */
function asOfNow({ now }: VerifyDeps, question: Question): Question {
  return { ...question, now: now() }
}

/** What was decided goes into the counts; a row that has changed meanwhile is read anew. */
function conclude(
  deps: VerifyDeps,
  row: CachedKey,
  question: Question,
  outcome: LimitOutcome | Refusal,
): Verdict | Promise<Verdict> {
  if (outcome.code === 'stale') {
    deps.rowCache.drop({ kind: 'key', id: row.id })
    return verifyKey(deps, asOfNow(deps, question))
  }
  const { amounts, now } = question
  deps.usage.noteVerdict(row.id, outcome.code, now)
  if (outcome.code === 'valid') {
    if (!outcome.isRepeated) deps.usage.noteCharged(row.id, amounts.cost, now)
    deps.lastUsed.note(row, now)
  }
  return { ...outcome, row }
}
