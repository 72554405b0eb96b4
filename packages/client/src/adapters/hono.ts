import type { Context, MiddlewareHandler } from 'hono'
import { presentKey } from './check.ts'
import type { PresentedKey } from './options.ts'
import { checkRequest, type WebKeyOptions } from './web-request.ts'

export type { KeyOptions, NeedsWithAddress, PresentedKey } from './options.ts'
export type { WebKeyOptions }

/** The key is `c.get('key')` for what comes after. */
export function requireKey(
  options: WebKeyOptions<Context>,
): MiddlewareHandler<{ Variables: { key: PresentedKey } }> {
  return async (context, next) => {
    const outcome = await checkRequest(options, context.req.raw, context)
    if (outcome instanceof Response) return outcome
    context.set('key', presentKey(outcome))
    return next()
  }
}
