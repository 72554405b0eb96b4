import { presentKey } from './check.ts'
import type { PresentedKey } from './options.ts'
import { checkRequest, type WebKeyOptions } from './web-request.ts'

export type { KeyOptions, NeedsWithAddress, PresentedKey } from './options.ts'
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
  options: WebKeyOptions<Req>,
): (request: Req, context: Context) => Promise<Response> {
  return async (request, context) => {
    const outcome = await checkRequest(options, request, request)
    if (outcome instanceof Response) return outcome
    return handler(request, { ...context, key: presentKey(outcome) })
  }
}
