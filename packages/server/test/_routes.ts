import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { RouteAccess } from '../src/plugins/access.ts'
import type { TestService } from './_service.ts'

/** What a test needs to know of a registered route. */
export interface LiveRoute {
  method: string
  /** As registered: `/v1/keys/:id`. */
  url: string
  access: RouteAccess
  /** Absent on routes that are hidden from the API description. */
  operationId: string | undefined
  hidden: boolean
  /** The one content type of its bodies. */
  mediaType: string
  schema: {
    body?: JsonSchema
    querystring?: JsonSchema
    params?: JsonSchema
    response?: Record<string, JsonSchema>
  }
}

/** A JSON schema as the tests walk it. */
export interface JsonSchema {
  type?: string | string[]
  title?: string
  properties?: Record<string, JsonSchema>
  patternProperties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  enum?: unknown[]
  format?: string
  maxLength?: number
  maxItems?: number
  maximum?: number
  minimum?: number
  additionalProperties?: unknown
}

const registered = new WeakMap<object, RouteOptions[]>()

// Fastify announces every application that is made, before its first route: the list is complete and
// no source file knows of it.
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance }
  const routes: RouteOptions[] = []
  registered.set(fastify, routes)
  fastify.addHook('onRoute', (route) => {
    routes.push(route)
  })
})

/** Every route of the running service, from its own registry. */
export function liveRoutes({ app }: TestService): LiveRoute[] {
  const routes = registered.get(app) ?? []
  return routes.map((route) => {
    const schema = (route.schema ?? {}) as LiveRoute['schema'] & { hide?: boolean }
    return {
      method: String(route.method),
      url: route.url,
      access: route.config?.access ?? 'public',
      operationId: route.schema?.operationId,
      hidden: schema.hide === true,
      mediaType: route.schema?.consumes?.[0] ?? 'application/json',
      schema,
    }
  })
}

/** How a test calls a route: its operationId, or method and path when it has none. */
export function routeName({ operationId, method, url }: LiveRoute): string {
  return operationId ?? `${method} ${url}`
}
