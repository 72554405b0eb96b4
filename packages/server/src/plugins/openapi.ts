import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

export interface OpenApiOptions {
  version: string
  publicUrl: string
}

/** Collects the OpenAPI 3.1 description of every route that is registered after it. */
export const openApi = fastifyPlugin<OpenApiOptions>(async (app, { version, publicUrl }) => {
  await app.register(swagger, {
    // The permission that a route declares is part of its description.
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, 'x-permission': route.config?.access },
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Keysmith',
        version,
        description: 'Issue, verify, rotate and revoke API keys.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: publicUrl }],
      security: [{ managementToken: [] }],
      tags: [
        { name: 'keys', description: 'API keys.' },
        { name: 'verify', description: 'The question that gateways ask.' },
        { name: 'policies', description: 'Permissions and limits for many keys.' },
        { name: 'projects', description: 'Namespaces of keys.' },
        { name: 'tokens', description: 'Management tokens: credentials for this API.' },
        { name: 'audit', description: 'The log of changes.' },
        { name: 'service', description: 'The service itself.' },
      ],
      components: {
        securitySchemes: {
          managementToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'A management token, such as ks_root_1...',
          },
        },
      },
    },
  })
})

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type JsonObject = { [name: string]: Json }

/**
 * The document as served and published: every schema with a title becomes a component and is referred
 * to, and error answers are problem documents.
 */
export function openApiDocument(app: FastifyInstance): JsonObject {
  const document = JSON.parse(JSON.stringify(app.swagger())) as JsonObject
  const schemas: JsonObject = {}
  const hoisted = hoist(document, schemas, true) as JsonObject
  const components = hoisted.components as JsonObject
  const named = Object.entries(schemas).toSorted(([a], [b]) => a.localeCompare(b))
  return { ...hoisted, components: { ...components, schemas: Object.fromEntries(named) } }
}

function hoist(node: Json, schemas: JsonObject, isRoot = false): Json {
  if (Array.isArray(node)) return node.map((item) => hoist(item, schemas))
  if (node === null || typeof node !== 'object') return node
  const copy: JsonObject = {}
  for (const [name, value] of Object.entries(node)) {
    copy[name] = name === 'example' || name === 'examples' ? value : hoist(value, schemas)
  }
  const { title } = copy
  const isSchema = typeof title === 'string' && ('type' in copy || 'anyOf' in copy)
  if (isRoot || !isSchema) return asProblem(copy)
  schemas[title] = copy
  return { $ref: `#/components/schemas/${title}` }
}

/** Error answers are application/problem+json (RFC 9457). */
function asProblem(node: JsonObject): JsonObject {
  const content = node['application/json']
  const reference = { $ref: '#/components/schemas/Problem' }
  if (JSON.stringify(content) !== JSON.stringify({ schema: reference })) return node
  return { 'application/problem+json': { schema: reference } }
}
