import fastifyPlugin from 'fastify-plugin'
import { ApiError } from '../errors.ts'

/**
 * 503 when a handler has not answered in time; it runs on. A route gives a time of its own as
 * `handlerTimeout`. That option alone holds nobody to it: Fastify disarms its timer once the body was read
 * (seen with 5.12 on Node 26), and it costs each request of a route 9 us. So it is not set for the server, and a
 * verification, which waits for nothing but the database, has no deadline.
 */
export const deadline = fastifyPlugin<{ timeoutMs: number }>(async (app, { timeoutMs }) => {
  app.addHook('onRequest', (request, reply, done) => {
    const timer = setTimeout(() => {
      if (reply.sent) return
      reply.send(
        new ApiError('overloaded', {
          detail:
            'No answer in time. The request may still be carried out: look before you repeat it.',
          retryAfterSeconds: 1,
        }),
      )
    }, request.routeOptions.handlerTimeout || timeoutMs)
    reply.raw.once('close', () => clearTimeout(timer))
    done()
  })
})
