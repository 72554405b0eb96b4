import rateLimit from '@fastify/rate-limit'
import { ALL_PERMISSIONS, type ManagementPermission } from '@keysmith/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { authenticate } from '../access/authenticate.ts'
import { holds } from '../access/permissions.ts'
import type { Principal } from '../access/principal.ts'
import { ApiError } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import { AddressCounts, countedAddress } from './address-counts.ts'

/**
 * Who may call a route: `public` = everybody, `authenticated` = any valid token, `local` = commands on
 * the machine over the control socket, or the permission that a token must hold.
 */
export type RouteAccess = 'public' | 'authenticated' | 'local' | ManagementPermission

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
  interface FastifyRequest {
    /** Who is calling; null on public routes. */
    principal: Principal | null
  }
}

/** Commands on the machine itself: the same user that owns the data folder. */
const LOCAL: Principal = {
  kind: 'local',
  id: 'local',
  name: 'local command',
  permissions: ALL_PERMISSIONS,
  projectId: null,
  expiresAt: null,
}

export interface AccessOptions {
  deps: Deps
  isLocal: (request: FastifyRequest) => boolean
  /** Told to callers with a valid credential only. */
  version: string
  /** Failed authentications per minute and address (IPv6: per /64) before the answer is 429. */
  maxFailuresPerMinute: number
}

/**
 * Deny by default: the access stands on the route object, a route without it stops the start, and
 * identity comes from the credential alone.
 */
export const access = fastifyPlugin<AccessOptions>(async (app, options) => {
  const { deps, isLocal } = options
  await app.register(rateLimit, {
    global: false,
    max: options.maxFailuresPerMinute,
    timeWindow: 60_000,
    store: AddressCounts,
    keyGenerator: countedAddress,
  })
  const countFailure = createFailureShield(app)

  app.decorateRequest('principal', null)
  app.addHook('onRoute', requireAccessAndSchemas)
  app.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config
    if (request.is404 || access === 'public') {
      done()
      return
    }
    if (isLocal(request)) {
      reply.header('x-keysmith-version', options.version)
      request.principal = LOCAL
      done()
      return
    }
    if (access === undefined || access === 'local') {
      done(new ApiError('route_not_found'))
      return
    }
    const admit = (principal: Principal | null) => {
      if (principal === null) {
        countFailure(request, reply).then(done, done)
        return
      }
      reply.header('x-keysmith-version', options.version)
      done(authorize(request, reply, principal, access))
    }
    const found = authenticate(deps, request.headers.authorization, deps.now())
    if (found instanceof Promise) found.then(admit, done)
    else admit(found)
  })
})

/** Every route declares who may call it and what each answer looks like. */
function requireAccessAndSchemas(route: RouteOptions): void {
  const name = `${route.method} ${route.url}`
  if (!route.config?.access) {
    throw new Error(`${name} declares no access: set config.access to a permission or public`)
  }
  const response = route.schema?.response
  if (!response || Object.keys(response).length === 0) {
    throw new Error(`${name} declares no response schema, the last guard against a leak`)
  }
}

function authorize(
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
  access: RouteAccess,
): ApiError | undefined {
  if (access !== 'authenticated' && !holds(principal.permissions, access)) {
    reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${access}"`)
    return new ApiError('missing_permission', {
      detail: `The calling token does not hold ${access}.`,
    })
  }
  request.principal = principal
  return undefined
}

/** The error of a failed authentication; 429 once an address has failed too often. */
function createFailureShield(app: FastifyInstance) {
  const count = app.createRateLimit()
  return async (request: FastifyRequest, reply: FastifyReply): Promise<ApiError> => {
    const limit = await count(request)
    if (!limit.isAllowed && limit.isExceeded) {
      return new ApiError('rate_limited', {
        detail: 'Too many failed authentications from this address. Wait, then send a valid token.',
        retryAfterSeconds: limit.ttlInSeconds,
      })
    }
    const challenge =
      request.headers.authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"'
    reply.header('www-authenticate', challenge)
    return new ApiError('unauthenticated', {
      detail: 'Send a valid management token as Authorization: Bearer <token>.',
    })
  }
}

/** The caller of a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('a public route has no principal')
  return request.principal
}
