import fastifyPlugin from 'fastify-plugin'
import type { Log } from '../log.ts'

/** One line per request, with the route template and not the URL. Not used on the verify route. */
export const requestLog = fastifyPlugin<{ log: Log }>(async (app, { log }) => {
  app.addHook('onResponse', (request, reply, done) => {
    const { id } = (request.params ?? {}) as { id?: string }
    log.info(
      {
        reqId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actor: request.principal?.id ?? null,
        ...(id === undefined || request.is404 ? {} : { targetId: id }),
      },
      'request',
    )
    done()
  })
})
