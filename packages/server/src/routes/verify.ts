import { Verdict, VerifyRequest } from '@keysmith/contract'
import type { Deps } from '../keys/deps.ts'
import { principalOf } from '../plugins/access.ts'
import { answerVerification, type VerdictAnswer } from './answer-verification.ts'
import { ChargeHeaders } from './params.ts'
import { type App, PROBLEMS } from './route.ts'

/** The whole way of a verification. Most take the short one (`verify-short-way.ts`) to the same answer. */
export function verifyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/verify',
    {
      config: { access: 'keys:verify' },
      schema: {
        operationId: 'verify',
        summary: 'Is this secret good for this request? Always 200 with a verdict',
        tags: ['verify'],
        headers: ChargeHeaders,
        body: VerifyRequest,
        response: { 200: Verdict, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const answer = answerVerification(deps, {
        body: request.body,
        principal: principalOf(request),
        idempotencyKey: request.headers['idempotency-key'],
        requestId: request.id,
      })
      // Past `reply.send`: the text is finished, and no hook looks at it.
      const send = ({ headers, text }: VerdictAnswer) => {
        reply.hijack()
        reply.raw.writeHead(200, headers).end(text)
      }
      return answer instanceof Promise ? answer.then(send) : send(answer)
    },
  )
}
