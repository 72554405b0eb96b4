import type { Request, RequestHandler, Response } from 'express'
import { check, presentKey } from './check.ts'
import { createHold } from './hold.ts'
import { takeSecret } from './node-request.ts'
import { afterAnswer } from './node-response.ts'
import type { KeyOptions, Needs, PresentedKey, Settles } from './options.ts'
import { placesOf } from './presented-secret.ts'
import { questionOf } from './question.ts'

export type { Amounts, KeyOptions, Needs, PresentedKey, Settles } from './options.ts'

declare global {
  namespace Express {
    interface Request {
      /** The key that was presented, after `requireKey`. */
      key?: PresentedKey
    }
  }
}

/**
 * Middleware: what comes after it runs for good keys only. It removes the secret from the request. The
 * address is `req.ip`, by the setting `trust proxy` of the app.
 */
export function requireKey(
  options: KeyOptions & Needs<Request> & Settles<Request, Response>,
): RequestHandler {
  const places = placesOf(options)
  return (request, response, next) => {
    const presented = takeSecret(request, places)
    check(options, presented, () => questionOf({ ...options, ip: (req) => req.ip }, request))
      .then((outcome) => {
        if (outcome.valid) {
          const hold = createHold(options, outcome.reservationId)
          const { settle } = options
          afterAnswer(response, hold, settle && (() => settle(response, request)))
          request.key = presentKey(outcome, hold)
          return next()
        }
        response.statusCode = outcome.status
        response.setHeaders(new Map(Object.entries(outcome.headers)))
        response.end(outcome.body)
      })
      .catch(next)
  }
}
