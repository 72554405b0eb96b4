import { presentKey } from './check.ts'
import { createHold } from './hold.ts'
import type { PresentedKey, Settles } from './options.ts'
import { checkRequest, type WebKeyOptions } from './web-request.ts'
import { answerAndSettle } from './web-response.ts'

export type { Amounts, KeyOptions, NeedsWithAddress, PresentedKey, Settles } from './options.ts'
export type { WebKeyOptions }

/** A route handler that is also given the key. */
export type HandlerWithKey<Req extends Request, Context> = (
  request: Req,
  context: Context & { key: PresentedKey },
) => Response | Promise<Response>

/**
 * A route handler of the App Router that runs for good keys only; the key is a field of its second
 * argument. In a proxy use `checkKey` of `@keysmith/client/web`.
 */
export function withKey<Req extends Request, Context extends object>(
  handler: HandlerWithKey<Req, Context>,
  options: WebKeyOptions<Req> & Settles<Req, Response>,
): (request: Req, context: Context) => Promise<Response> {
  return async (request, context) => {
    const outcome = await checkRequest(options, request, request)
    if (outcome instanceof Response) return outcome
    const hold = createHold(options, outcome.reservationId)
    const answer = () => handler(request, { ...context, key: presentKey(outcome, hold) })
    if (hold.id === undefined) return answer()
    const { settle } = options
    return answerAndSettle(hold, answer, settle && ((response) => settle(response, request)))
  }
}
