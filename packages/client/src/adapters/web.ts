import type { ValidVerdict } from './check.ts'
import { checkRequest, type WebKeyOptions } from './web-request.ts'

export type { Amounts, KeyOptions, NeedsWithAddress } from './options.ts'
export type { ValidVerdict, WebKeyOptions }

/**
 * For everything that speaks the Fetch standard. The function gives the verdict of a key that is good for
 * the request, or the answer to send. It does not read the body of the request, and does not see the
 * answer: settle the `reservationId` of the verdict yourself.
 */
export function checkKey(
  options: WebKeyOptions<Request>,
): (request: Request) => Promise<ValidVerdict | Response> {
  return (request) => checkRequest(options, request, request)
}
