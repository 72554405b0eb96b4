import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { check, presentKey } from './check.ts'
import { createHold } from './hold.ts'
import { takeSecret } from './node-request.ts'
import { afterAnswer } from './node-response.ts'
import type { KeyOptions, Needs, PresentedKey, Settles } from './options.ts'
import { type Presented, placesOf } from './presented-secret.ts'
import { questionOf } from './question.ts'

export type { Amounts, KeyOptions, Needs, PresentedKey, Settles } from './options.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route needs of a key; false = the route is public. Left out, any valid key will do. */
    key?: (Needs<FastifyRequest> & Settles<FastifyRequest, FastifyReply>) | false
  }
  interface FastifyRequest {
    /** The key that was presented. Reading it on a public route throws. */
    readonly key: PresentedKey
  }
}

async function register(app: FastifyInstance, options: KeyOptions): Promise<void> {
  const places = placesOf(options)
  const held = new WeakMap<FastifyRequest, Presented>()
  const keys = new WeakMap<FastifyRequest, PresentedKey>()

  const admit = async (request: FastifyRequest, reply: FastifyReply, presented: Presented) => {
    const { settle, ...needs } = request.routeOptions.config.key || {}
    const { client, logger = request.log } = options
    const outcome = await check({ client, logger }, presented, () =>
      questionOf({ ...needs, ip: () => request.ip }, request),
    )
    if (!outcome.valid) {
      return reply.code(outcome.status).headers(outcome.headers).send(outcome.body)
    }
    const hold = createHold({ client, logger }, outcome.reservationId)
    afterAnswer(reply.raw, hold, settle && (() => settle(reply, request)))
    keys.set(request, presentKey(outcome, hold))
    return undefined
  }

  app.decorateRequest('key', {
    getter() {
      const key = keys.get(this)
      if (!key) throw new Error('There is no key: the route is public, or it was not checked yet')
      return key
    },
  })
  app.addHook('onRequest', async (request, reply) => {
    const { key } = request.routeOptions.config
    if (key === false) return
    const presented = takeSecret(request.raw, places)
    if (places.parameter) delete Object(request.query)[places.parameter]
    const { settle: _, ...needs } = key ?? {}
    const readsRequest = Object.values(needs).some((need) => typeof need === 'function')
    if (!readsRequest || typeof presented === 'string') return admit(request, reply, presented)
    held.set(request, presented)
  })
  // Functions may read the body, which is there now.
  app.addHook('preValidation', async (request, reply) => {
    const presented = held.get(request)
    if (presented) return admit(request, reply, presented)
  })
}

/**
 * Every route of the scope needs a good key, also those that say nothing; `config: { key: false }` makes
 * one public. Register it before other plugins: hooks that were added earlier run before the check.
 * The secret is removed from the request. The address is `request.ip`, by the setting `trustProxy`.
 */
export const keyAuth: typeof register = Object.assign(register, {
  // The hooks are for the scope that registers it, not for one of its own.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@keysmith/client',
})
