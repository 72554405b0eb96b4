import type { FastifyInstance } from 'fastify'
import { ApiError } from '../errors.ts'

/**
 * Reads JSON bodies of this scope as Fastify's own parser does, and parses them with it. Small bodies come in one
 * piece: what Fastify sets up for others costs 2 us of the 35 of a request.
 */
export function readSmallJson(app: FastifyInstance, maxBytes: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', (request, payload, done) => {
    if (Number(request.headers['content-length']) > maxBytes) {
      done(new ApiError('too_large'))
      return
    }
    let body: Buffer | null = null
    let isRefused = false
    payload.on('data', (piece: Buffer) => {
      if (isRefused) return
      body = body === null ? piece : Buffer.concat([body, piece])
      if (body.length <= maxBytes) return
      isRefused = true
      done(new ApiError('too_large'))
    })
    payload.on('end', () => {
      if (!isRefused) void parse(request, body === null ? '' : body.toString('utf8'), done)
    })
    payload.on('error', done)
  })
}
