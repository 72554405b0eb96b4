import fastifyPlugin from 'fastify-plugin'
import type { Log } from '../log.ts'

/** What an id looks like; anything else in a path is text of the caller and stays out of the log. */
const ID = /^[0-9a-z]{16}$/

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
        ...(id !== undefined && ID.test(id) ? { targetId: id } : {}),
      },
      'request',
    )
    done()
  })
})
