import type { Request, RequestHandler } from 'express'
import { check, presentKey } from './check.ts'
import { takeSecret } from './node-request.ts'
import type { KeyOptions, Needs, PresentedKey } from './options.ts'
import { placesOf } from './presented-secret.ts'
import { questionOf } from './question.ts'

export type { KeyOptions, Needs, PresentedKey } from './options.ts'

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
export function requireKey(options: KeyOptions & Needs<Request>): RequestHandler {
  const places = placesOf(options)
  return (request, response, next) => {
    const presented = takeSecret(request, places)
    check(options, presented, () => questionOf({ ...options, ip: (req) => req.ip }, request))
      .then((outcome) => {
        if (outcome.valid) {
          request.key = presentKey(outcome)
          return next()
        }
        response.statusCode = outcome.status
        response.setHeaders(new Map(Object.entries(outcome.headers)))
        response.end(outcome.body)
      })
      .catch(next)
  }
}
