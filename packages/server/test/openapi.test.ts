import { ERROR_CODES } from '@keysmith/contract'
import Fastify, { type RouteOptions } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { access } from '../src/plugins/access.ts'
import { type JsonSchema, type LiveRoute, liveRoutes, routeName } from './_routes.ts'
import { ask, startService, type TestService } from './_service.ts'

/** Routes that the description leaves out: itself, and the one for commands on the machine. */
const HIDDEN = ['GET /control/audit-chain', 'GET /docs', 'GET /docs.css', 'GET /openapi.json']

/** The operations of the first release; each is a method of the client. */
const OPERATIONS = [
  ...['keys.create', 'keys.list', 'keys.get', 'keys.update', 'keys.disable', 'keys.enable'],
  ...['keys.revoke', 'keys.rotate', 'keys.setOverlap', 'keys.import', 'keys.setQuotaUsed'],
  ...['keys.usage', 'reservations.settle', 'reservations.release'],
  ...['policies.create', 'policies.list', 'policies.get', 'policies.update', 'policies.delete'],
  ...['projects.create', 'projects.list', 'projects.get', 'projects.update', 'projects.delete'],
  ...['tokens.create', 'tokens.list', 'tokens.revoke'],
  ...['auditEvents.list', 'verify', 'whoami', 'meta.get', 'health.live', 'health.ready'],
]

/** The only answers with a secret in them. */
const WITH_SECRET = ['keys.create', 'keys.rotate', 'tokens.create']

interface Operation {
  operationId: string
  summary?: string
  security?: unknown[]
  parameters?: { name: string; in: string; schema: JsonSchema }[]
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, { content?: Record<string, { schema?: JsonSchema }> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

let service: TestService
let routes: LiveRoute[]
let document: Document
let operations: (Operation & { method: string; path: string })[]

beforeAll(async () => {
  service = await startService({ closeItself: false })
  routes = liveRoutes(service)
  document = (await ask(service, 'GET', '/openapi.json', { token: null })).body
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method, path })),
  )
})
afterAll(() => service.close())

function resolve(schema: JsonSchema & { $ref?: string }): JsonSchema {
  if (schema.$ref === undefined) return schema
  const found = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')]
  if (!found) throw new Error(`${schema.$ref} leads nowhere`)
  return resolve(found)
}

/** The schema and every schema below it, through references. */
function walk(root: JsonSchema, seen: Set<JsonSchema> = new Set()): JsonSchema[] {
  const schema = resolve(root)
  if (seen.has(schema)) return []
  seen.add(schema)
  const { properties = {}, patternProperties = {}, items, anyOf = [] } = schema
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf]
  if (items) below.push(items)
  if (typeof schema.additionalProperties === 'object') {
    below.push(schema.additionalProperties as JsonSchema)
  }
  return [schema, ...below.flatMap((child) => walk(child, seen))]
}

function isObject({ type, properties, patternProperties }: JsonSchema): boolean {
  return [type].flat().includes('object') || Boolean(properties ?? patternProperties)
}

test('the description and the registered routes are the same list', () => {
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  const registered = routes
    .filter(({ hidden }) => !hidden)
    .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect(document.openapi).toBe('3.1.0')
  expect(described.toSorted()).toEqual(registered.toSorted())
  const hidden = routes.filter((route) => route.hidden).map(routeName)
  expect(hidden.toSorted()).toEqual(HIDDEN)
})

test('operation ids are unique and name the methods of the client', () => {
  const ids = operations.map(({ operationId }) => operationId)
  expect(ids.toSorted()).toEqual(OPERATIONS.toSorted())
})

test('every answer of every operation has a schema, and every error is a problem document', () => {
  for (const { operationId, responses } of operations) {
    expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['4XX', '5XX']))
    for (const [status, { content }] of Object.entries(responses)) {
      const label = `${operationId} ${status}`
      if (status === '204') {
        expect(content, label).toBeUndefined()
        continue
      }
      const [[type, { schema } = {}] = []] = Object.entries(content ?? {})
      expect(schema, label).toBeDefined()
      const isProblem = status === '4XX' || status === '5XX'
      expect(type, label).toBe(isProblem ? 'application/problem+json' : 'application/json')
      expect(walk(schema as JsonSchema).length, label).toBeGreaterThan(1)
    }
  }
})

test('a secret stands in three answers and in no other, whatever its name', () => {
  const suspicious = /secret$|digest|password|pepper|random|hmac|^(?:hash|sha)/i
  const found = operations.flatMap(({ operationId, responses }) => {
    const schemas = Object.values(responses).flatMap(({ content = {} }) =>
      Object.values(content).flatMap(({ schema }) => (schema ? walk(schema) : [])),
    )
    const names = schemas.flatMap(({ properties = {} }) => Object.keys(properties))
    return [...new Set(names.filter((name) => suspicious.test(name)))].map(
      (name) => `${operationId} ${name}`,
    )
  })
  // The hash of an audit event chains the log and is made to be published.
  const expected = [...WITH_SECRET.map((id) => `${id} secret`), 'auditEvents.list hash']
  expect(found.toSorted()).toEqual(expected.toSorted())
})

test('the schema of an answer drops what it does not name, on every route with an object', () => {
  for (const { operationId, responses } of operations) {
    for (const { content = {} } of Object.values(responses)) {
      for (const { schema } of Object.values(content)) {
        for (const part of schema ? walk(schema).filter(isObject) : []) {
          expect(part.additionalProperties, `${operationId} ${part.title}`).not.toBe(true)
        }
      }
    }
  }
})

test('every body and query refuses unknown fields, at every depth', () => {
  for (const route of routes.filter(({ hidden }) => !hidden)) {
    const { body, querystring } = route.schema
    expect(querystring, routeName(route)).toBeDefined()
    for (const input of [body, querystring]) {
      for (const part of input ? walk(input).filter(isObject) : []) {
        expect(part.additionalProperties, `${routeName(route)} ${part.title}`).toBe(false)
      }
    }
  }
})

test('only the probes need no token, and the description says so', () => {
  const open = operations.filter(({ security }) => security?.length === 0)
  expect(open.map(({ operationId }) => operationId)).toEqual(['health.live', 'health.ready'])
  const publicRoutes = routes.filter((route) => route.access === 'public')
  expect(publicRoutes.map(routeName).toSorted()).toEqual(
    [
      'health.live',
      'health.ready',
      ...HIDDEN.filter((name) => !name.includes('control')),
    ].toSorted(),
  )
})

test('the page for people names every operation and runs nothing', async () => {
  const { text, headers, status } = await ask(service, 'GET', '/docs', { token: null })
  expect(status).toBe(200)
  for (const id of OPERATIONS) expect(text).toContain(`<h3 id="${id}">`)
  for (const name of Object.keys(document.components.schemas)) {
    expect(text).toContain(`<h3 id="${name}">`)
  }
  for (const code of Object.keys(ERROR_CODES)) expect(text).toContain(`id="${code}"`)
  const anchors = [...text.matchAll(/ id="([^"]*)"/g)].map(([, anchor]) => anchor)
  expect(anchors).toEqual([...new Set(anchors)])
  expect(text).not.toMatch(/<script|<style|<iframe|<object|<embed|<base|javascript:/i)
  expect(text).not.toMatch(/<[^>]*\s(?:style|on[a-z]+)\s*=/i)
  const targets = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, target]) => target ?? '')
  expect(targets.filter((target) => !target.startsWith('#'))).toEqual(['docs.css', 'openapi.json'])
  for (const target of targets.filter((target) => target.startsWith('#'))) {
    expect(text).toContain(`id="${target.slice(1)}"`)
  }
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  const policy = String(headers['content-security-policy'])
  expect(policy.split(';').toSorted()).toEqual([
    "base-uri 'none'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "style-src 'self'",
  ])
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect((await ask(service, 'GET', '/docs.css', { token: null })).status).toBe(200)
})

test('with the description switched off, nothing of it is there', async () => {
  const silent = await startService({ config: { apiDocs: false } })
  for (const path of ['/openapi.json', '/docs', '/docs.css']) {
    expect((await ask(silent, 'GET', path)).status).toBe(404)
  }
})

/** Registers one route behind the access plugin, as the application does. */
async function startWith(route: Partial<RouteOptions>) {
  const app = Fastify()
  await app.register(access, {
    deps: service.deps,
    version: '0.0.0',
    isLocal: () => false,
    maxFailuresPerMinute: 1,
  })
  app.route({ method: 'GET', url: '/planted', handler: () => ({}), ...route })
  await app.ready()
  await app.close()
}

test('a route without a declared access stops the start', async () => {
  const response = { 200: { type: 'object', additionalProperties: false } }
  await expect(startWith({ schema: { response } })).rejects.toThrow(
    'GET /planted declares no access',
  )
})

test('a route without a schema of its answer stops the start', async () => {
  const config = { access: 'public' } as const
  const message = 'GET /planted declares no response schema'
  await expect(startWith({ config })).rejects.toThrow(message)
  await expect(startWith({ config, schema: { response: {} } })).rejects.toThrow(message)
})

test('a route with both starts', async () => {
  const response = { 200: { type: 'object', additionalProperties: false } }
  await startWith({ config: { access: 'public' }, schema: { response } })
})
