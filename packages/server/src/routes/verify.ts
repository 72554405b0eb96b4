import { Verdict, VerifyRequest, type Verdict as WireVerdict } from '@keysmith/contract'
import { invalidField } from '../errors.ts'
import { isAddress } from '../keys/address-list.ts'
import type { Deps } from '../keys/deps.ts'
import { leaseMs } from '../keys/lease.ts'
import { type Verdict as Decision, verifyKey } from '../keys/verify-key.ts'
import { readAmounts } from '../limits/amounts.ts'
import { principalOf } from '../plugins/access.ts'
import { readRequestKey } from '../plugins/idempotency.ts'
import { IdempotencyHeaders } from './params.ts'
import { presentEnd, presentVerifiedKey } from './present.ts'
import { setRateHeaders } from './rate-headers.ts'
import { type App, PROBLEMS } from './route.ts'

const HANDLER_TIMEOUT_MS = 5000

/** The hot path. The handler answers in the same turn when the row is cached: no `async`. */
export function verifyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/verify',
    {
      config: { access: 'keys:verify' },
      handlerTimeout: HANDLER_TIMEOUT_MS,
      schema: {
        operationId: 'verify',
        summary: 'Is this secret good for this request? Always 200 with a verdict',
        tags: ['verify'],
        headers: IdempotencyHeaders,
        body: VerifyRequest,
        response: { 200: Verdict, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { body } = request
      if (typeof body.ip === 'string' && !isAddress(body.ip)) {
        throw invalidField('ip', 'give an IPv4 or IPv6 address, or null when there is none')
      }
      const now = deps.now()
      const { id, projectId: scope } = principalOf(request)
      const amounts = readAmounts(body)
      const requestKey = readRequestKey(id, request.headers['idempotency-key'])
      const verdict = verifyKey(deps, { request: body, amounts, scope, requestKey, now })
      const answer = (decision: Decision) => {
        setRateHeaders(deps.limiter, decision, reply)
        return present(deps, decision, now)
      }
      return verdict instanceof Promise ? verdict.then(answer) : answer(verdict)
    },
  )
}

/** State codes say nothing about the key; from the address check on the caller sees its facts. */
const WITHOUT_FACTS = new Set(['revoked', 'disabled', 'not_yet_valid', 'expired'])

function present(deps: Deps, verdict: Decision, now: number): WireVerdict {
  const { code, row } = verdict
  if (row === null || WITHOUT_FACTS.has(code)) return { valid: false, code }
  const key = presentVerifiedKey(row)
  switch (verdict.code) {
    case 'valid': {
      const { remaining, reservationId } = verdict
      return {
        valid: true,
        code,
        key,
        ...(remaining && { remaining }),
        ...(reservationId !== null && { reservationId }),
        leaseMs: leaseMs(row, now, deps.rules.maxLeaseMs),
      }
    }
    case 'rate_limited': {
      const { rateLimit, retryAfterMs } = verdict
      return { valid: false, code, key, rateLimit, retryAfterMs }
    }
    case 'quota_exhausted': {
      const { quota, resetsAt } = verdict
      return { valid: false, code, key, quota, resetsAt: presentEnd(resetsAt) }
    }
    default:
      return { valid: false, code, key }
  }
}
