import type { VerifyRequest, Verdict as WireVerdict } from '@keysmith/contract'
import type { Principal } from '../access/principal.ts'
import { invalidField } from '../errors.ts'
import { isAddress } from '../keys/address-list.ts'
import type { Deps } from '../keys/deps.ts'
import { leaseMs } from '../keys/lease.ts'
import type { CachedKey } from '../keys/row-cache.ts'
import { type Verdict, verifyKey } from '../keys/verify-key.ts'
import { readAmounts } from '../limits/amounts.ts'
import { readRequestKey } from '../plugins/idempotency.ts'
import { commonHeaders } from '../plugins/safety.ts'
import { VERSION } from '../version.ts'
import { presentEnd } from './present.ts'
import { rateHeaders } from './rate-headers.ts'

/** A verification as it came in: its body has been held to the schema. */
export interface Verification {
  body: VerifyRequest
  principal: Principal
  idempotencyKey: string | string[] | undefined
  requestId: string
}

/** The whole answer; its status is 200. */
export interface VerdictAnswer {
  /** Names and values in turn. */
  headers: string[]
  text: string
}

/** Answers in the same turn when the row is cached and nothing has to be charged on disk. */
export function answerVerification(
  deps: Deps,
  { body, principal, idempotencyKey, requestId }: Verification,
): VerdictAnswer | Promise<VerdictAnswer> {
  if (typeof body.ip === 'string' && !isAddress(body.ip)) {
    throw invalidField('ip', 'give an IPv4 or IPv6 address, or null when there is none')
  }
  const now = deps.now()
  const verdict = verifyKey(deps, {
    request: body,
    amounts: readAmounts(body),
    scope: principal.projectId,
    requestKey: readRequestKey(principal.id, idempotencyKey),
    now,
  })
  return verdict instanceof Promise
    ? verdict.then((found) => toAnswer(deps, found, requestId, now))
    : toAnswer(deps, verdict, requestId, now)
}

function toAnswer(deps: Deps, verdict: Verdict, requestId: string, now: number): VerdictAnswer {
  const text = verdictText(deps, verdict, now)
  const headers = commonHeaders(requestId)
  headers.push('x-keysmith-version', VERSION, 'content-type', 'application/json; charset=utf-8')
  headers.push('content-length', `${Buffer.byteLength(text)}`)
  if (verdict.row && verdict.row.rates.length > 0) {
    headers.push(...rateHeaders(deps.limiter, verdict.row.rates))
  }
  return { headers, text }
}

/** State codes say nothing about the key; from the address check on the caller sees its facts. */
const WITHOUT_FACTS = new Set(['revoked', 'disabled', 'not_yet_valid', 'expired'])

/** The facts of the key are in its row as JSON. */
function verdictText(deps: Deps, verdict: Verdict, now: number): string {
  const { code, row } = verdict
  if (row === null || WITHOUT_FACTS.has(code)) return JSON.stringify({ valid: false, code })
  const withoutFacts = JSON.stringify(present(deps, verdict, row, now))
  return `${withoutFacts.slice(0, -1)},"key":${row.facts}}`
}

/** What is not named here does not leave the server. */
function present(deps: Deps, verdict: Verdict, row: CachedKey, now: number): WireVerdict {
  switch (verdict.code) {
    case 'valid': {
      const { code, remaining, reservationId } = verdict
      return {
        valid: true,
        code,
        leaseMs: leaseMs(row, now, deps.rules.maxLeaseMs),
        ...(remaining && { remaining }),
        ...(reservationId !== null && { reservationId }),
      }
    }
    case 'rate_limited': {
      const { code, rateLimit, retryAfterMs } = verdict
      return { valid: false, code, rateLimit, retryAfterMs }
    }
    case 'quota_exhausted': {
      const { code, quota, resetsAt } = verdict
      return { valid: false, code, quota, resetsAt: presentEnd(resetsAt) }
    }
    default:
      return { valid: false, code: verdict.code }
  }
}
