import { Verdict, VerifyRequest } from '@keysmith/contract'
import { invalidField } from '../errors.ts'
import { isAddress } from '../keys/address-list.ts'
import type { Deps } from '../keys/deps.ts'
import { leaseMs } from '../keys/policy.ts'
import { type Verdict as Decision, verifyKey } from '../keys/verify-key.ts'
import { principalOf } from '../plugins/access.ts'
import { presentVerifiedKey } from './present.ts'
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
        body: VerifyRequest,
        response: { 200: Verdict, ...PROBLEMS },
      },
    },
    (request) => {
      const { body } = request
      if (typeof body.ip === 'string' && !isAddress(body.ip)) {
        throw invalidField('ip', 'give an IPv4 or IPv6 address, or null when there is none')
      }
      const now = deps.now()
      const verdict = verifyKey(deps, principalOf(request).projectId, body, now)
      if (verdict instanceof Promise) {
        return verdict.then((decision) => present(deps, decision, now))
      }
      return present(deps, verdict, now)
    },
  )
}

/** State codes say nothing about the key; from the address check on the caller sees its facts. */
const WITHOUT_FACTS = new Set(['revoked', 'disabled', 'not_yet_valid', 'expired'])

function present(deps: Deps, { code, row }: Decision, now: number) {
  if (row === null || WITHOUT_FACTS.has(code)) return { valid: false, code }
  const key = presentVerifiedKey(row)
  if (code !== 'valid') return { valid: false, code, key }
  return { valid: true, code, key, leaseMs: leaseMs(row, now, deps.rules.maxLeaseMs) }
}
