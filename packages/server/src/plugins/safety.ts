import { redactKeys } from '@keysmith/key-format'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../errors.ts'

/** A secret has at least 73 characters; what is shorter needs no search. */
const SHORTEST_SUSPECT = 24

/**
 * What every answer carries; no new work while the process stops; and the refusal of secrets in the
 * URL, where proxies and histories would keep them.
 */
export function guardEveryRequest(app: FastifyInstance, isDraining: () => boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(request, reply)
    if (isDraining() && request.routeOptions.config.access !== 'public') {
      reply.header('connection', 'close')
      done(
        new ApiError('draining', {
          detail: 'Nothing was changed. Send the request again in a moment.',
          retryAfterSeconds: 1,
        }),
      )
      return
    }
    const { url = '' } = request.raw
    if (url.length >= SHORTEST_SUSPECT && holdsSecret(url)) {
      done(
        new ApiError('secret_in_url', {
          detail:
            'URLs are kept by proxies and histories. Send secrets in the body or the Authorization header, and rotate this one.',
        }),
      )
    } else done()
  })
}

/** Also for the answers of the framework that no hook sees. */
export function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const headers = commonHeaders(request.id)
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1])
}

/** Names and values in turn. */
export function commonHeaders(requestId: string): string[] {
  return [
    'x-request-id',
    requestId,
    'x-content-type-options',
    'nosniff',
    'cache-control',
    'no-store',
  ]
}

function holdsSecret(url: string): boolean {
  const plain = url.includes('%') ? decode(url) : url
  return redactKeys(plain) !== plain
}

function decode(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    return url.replaceAll(/%5f/gi, '_')
  }
}
