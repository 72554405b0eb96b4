import type { Context, MiddlewareHandler } from 'hono'
import { presentKey } from './check.ts'
import { createHold } from './hold.ts'
import type { PresentedKey, Settles } from './options.ts'
import { checkRequest, type WebKeyOptions } from './web-request.ts'
import { answerAndSettle } from './web-response.ts'

export type { Amounts, KeyOptions, NeedsWithAddress, PresentedKey, Settles } from './options.ts'
export type { WebKeyOptions }

/** The key is `c.get('key')` for what comes after. */
export function requireKey(
  options: WebKeyOptions<Context> & Settles<Context, Response>,
): MiddlewareHandler<{ Variables: { key: PresentedKey } }> {
  return async (context, next) => {
    const outcome = await checkRequest(options, context.req.raw, context)
    if (outcome instanceof Response) return outcome
    const hold = createHold(options, outcome.reservationId)
    context.set('key', presentKey(outcome, hold))
    if (hold.id === undefined) return next()
    const answer = async () => {
      await next()
      return context.res
    }
    const { settle } = options
    context.res = await answerAndSettle(hold, answer, settle && ((res) => settle(res, context)))
  }
}
