import { Verdict, VerifyRequest, type Verdict as WireVerdict } from '@keysmith/contract'
import type { FastifyReply } from 'fastify'
import { invalidField } from '../errors.ts'
import { isAddress } from '../keys/address-list.ts'
import type { Deps } from '../keys/deps.ts'
import { leaseMs } from '../keys/lease.ts'
import type { CachedKey } from '../keys/row-cache.ts'
import { type Verdict as Decision, verifyKey } from '../keys/verify-key.ts'
import { readAmounts } from '../limits/amounts.ts'
import { principalOf } from '../plugins/access.ts'
import { readRequestKey } from '../plugins/idempotency.ts'
import { commonHeaders } from '../plugins/safety.ts'
import { VERSION } from '../version.ts'
import { IdempotencyHeaders } from './params.ts'
import { presentEnd } from './present.ts'
import { rateHeaders } from './rate-headers.ts'
import { type App, PROBLEMS } from './route.ts'

/** The hot path. The handler answers in the same turn when the row is cached: no `async`. */
export function verifyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/verify',
    {
      config: { access: 'keys:verify' },
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
      if (verdict instanceof Promise) {
        return verdict.then((decision) => sendVerdict(deps, reply, decision, now))
      }
      return sendVerdict(deps, reply, verdict, now)
    },
  )
}

/** State codes say nothing about the key; from the address check on the caller sees its facts. */
const WITHOUT_FACTS = new Set(['revoked', 'disabled', 'not_yet_valid', 'expired'])

/**
 * Written past `reply.send`, whose choice between streams, types and hooks costs a verdict 2 us of 35. The
 * hooks have set the common headers on the reply as well, for errors.
 */
function sendVerdict(deps: Deps, reply: FastifyReply, verdict: Decision, now: number): void {
  const text = verdictText(deps, reply, verdict, now)
  reply.hijack()
  reply.raw.writeHead(200, [
    ...commonHeaders(reply.request.id),
    ...rateHeaders(deps.limiter, verdict),
    'x-keysmith-version',
    VERSION,
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    `${Buffer.byteLength(text)}`,
  ])
  reply.raw.end(text)
}

/** The facts of the key are in its row as JSON; all else goes through the schema of the answer. */
function verdictText(deps: Deps, reply: FastifyReply, verdict: Decision, now: number): string {
  const { code, row } = verdict
  if (row === null || WITHOUT_FACTS.has(code)) return serialize(reply, { valid: false, code })
  const withoutFacts = serialize(reply, present(deps, verdict, row, now))
  return `${withoutFacts.slice(0, -1)},"key":${row.facts}}`
}

function serialize(reply: FastifyReply, verdict: WireVerdict): string {
  return String(reply.serializeInput(verdict, '200'))
}

function present(deps: Deps, verdict: Decision, row: CachedKey, now: number): WireVerdict {
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
