import { randomBytes } from 'node:crypto'
import { ALL_PERMISSIONS, MANAGEMENT_PERMISSIONS } from '@keysmith/contract'
import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LiveRoute, liveRoutes, routeName } from './_routes.ts'
import {
  type Answer,
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  verify,
} from './_service.ts'

// Every route of the running service, with every kind of caller, at every kind of object (R5, R7, R9,
// API1 and API5 of OWASP). What is expected is computed here from the route's declared permission, the
// caller's rights and the owner of the object; the service decides by its own code.

const NOW = Date.UTC(2026, 0, 1)
const EVERYTHING = [...ALL_PERMISSIONS]

type Method = Parameters<typeof ask>[1]

/** One project with one of everything in it. */
interface World {
  project: string
  key: string
  secret: string
  token: string
  reservation: string
  policy: string
}

/** What a request is about; its ids lie in one world, or nowhere. */
type Target = Pick<World, 'project' | 'key' | 'token' | 'reservation' | 'policy'>

/** How to call an operation so that it succeeds for a caller who may. A new route must be added. */
const REQUESTS: Record<string, (target: Target) => { path?: string; body?: object | string }> = {
  'keys.create': ({ project }) => ({ body: { name: 'made', project } }),
  'keys.import': ({ project }) => ({
    path: `/v1/keys/import?project=${project}&entropyBits=128`,
    body: JSON.stringify({ name: 'moved in', secretSha256: randomBytes(32).toString('hex') }),
  }),
  'keys.list': ({ project }) => ({ path: `/v1/keys?project=${project}` }),
  'keys.get': ({ key }) => ({ path: `/v1/keys/${key}` }),
  'keys.usage': ({ key }) => ({ path: `/v1/keys/${key}/usage` }),
  'keys.update': ({ key }) => ({ path: `/v1/keys/${key}`, body: { description: 'changed' } }),
  'keys.disable': ({ key }) => ({ path: `/v1/keys/${key}/disable` }),
  'keys.enable': ({ key }) => ({ path: `/v1/keys/${key}/enable` }),
  'keys.revoke': ({ key }) => ({ path: `/v1/keys/${key}/revoke`, body: {} }),
  'keys.rotate': ({ key }) => ({ path: `/v1/keys/${key}/rotate`, body: { overlapSeconds: 0 } }),
  'keys.setOverlap': ({ key }) => ({
    path: `/v1/keys/${key}/overlap`,
    body: { overlapSeconds: 60 },
  }),
  'keys.setQuotaUsed': ({ key }) => ({
    path: `/v1/keys/${key}/quotas`,
    body: { name: 'tokens', used: 1 },
  }),
  'reservations.settle': ({ reservation }) => ({
    path: `/v1/reservations/${reservation}/settle`,
    body: { cost: {} },
  }),
  'reservations.release': ({ reservation }) => ({
    path: `/v1/reservations/${reservation}/release`,
  }),
  'policies.create': ({ project }) => ({ body: { name: `p-${generateId()}`, project } }),
  'policies.list': ({ project }) => ({ path: `/v1/policies?project=${project}` }),
  'policies.get': ({ policy }) => ({ path: `/v1/policies/${policy}` }),
  'policies.update': ({ policy }) => ({
    path: `/v1/policies/${policy}`,
    body: { description: 'changed' },
  }),
  'policies.delete': ({ policy }) => ({ path: `/v1/policies/${policy}` }),
  'projects.create': () => ({ body: { name: `p-${generateId()}` } }),
  'projects.list': () => ({}),
  'projects.get': ({ project }) => ({ path: `/v1/projects/${project}` }),
  'projects.update': ({ project }) => ({
    path: `/v1/projects/${project}`,
    body: { description: 'changed' },
  }),
  'projects.delete': ({ project }) => ({ path: `/v1/projects/${project}` }),
  'tokens.create': ({ project }) => ({ body: { name: 'made', permissions: [], project } }),
  'tokens.list': () => ({}),
  'tokens.revoke': ({ token }) => ({ path: `/v1/tokens/${token}` }),
  'auditEvents.list': ({ project, key }) => ({
    path: `/v1/audit-events?project=${project}&target=${key}`,
  }),
  verify: () => ({ body: { secret: 'not a secret' } }),
  whoami: () => ({}),
  'meta.get': () => ({}),
  'health.live': () => ({}),
  'health.ready': () => ({}),
  'GET /openapi.json': () => ({}),
  'GET /docs': () => ({}),
  'GET /docs.css': () => ({}),
  'GET /control/audit-chain': () => ({}),
}

/** Operations that answer about no single object: every target is the same to them. */
const WITHOUT_TARGET = new Set([
  ...['projects.create', 'projects.list', 'tokens.list', 'verify', 'whoami', 'meta.get'],
  ...['health.live', 'health.ready', 'GET /openapi.json', 'GET /docs', 'GET /docs.css'],
  'GET /control/audit-chain',
])

let service: TestService
let clock = NOW
let own: World
let foreign: World
let deleted: World
let routes: LiveRoute[]
let cells = 0

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
  routes = liveRoutes(service)
  own = await makeWorld()
  foreign = await makeWorld()
  deleted = await makeWorld()
  await ask(service, 'POST', `/v1/keys/${deleted.key}/revoke`, { body: {} })
  await ask(service, 'DELETE', `/v1/tokens/${deleted.token}`)
  await ask(service, 'DELETE', `/v1/policies/${deleted.policy}`)
  expect((await ask(service, 'DELETE', `/v1/projects/${deleted.project}`)).status).toBe(204)
})
afterAll(async () => {
  process.stdout.write(`authorization matrix: ${routes.length} routes, ${cells} cells\n`)
  await service.close()
})

async function makeWorld(): Promise<World> {
  const { body: project } = await ask(service, 'POST', '/v1/projects', {
    body: { name: `p-${generateId()}`, deletionProtection: false },
  })
  const quotas = { tokens: { limit: 9, period: 'day' } }
  const { key, secret } = await createKey(service, { project: project.id, quotas })
  const { reservationId } = await verify(service, secret, { reserve: { tokens: 1 } })
  await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, { body: { overlapSeconds: 3600 } })
  const { token } = await createToken(service, { project: project.id, permissions: [] })
  const { body: policy } = await ask(service, 'POST', '/v1/policies', {
    body: { name: 'developer', project: project.id },
  })
  const ids = { project: project.id, key: key.id, token: token.id, reservation: reservationId }
  return { ...ids, policy: policy.id, secret }
}

/** A world that `projects.delete` accepts, for the one call that may destroy it. */
async function makeUnusedWorld(): Promise<World> {
  const world = await makeWorld()
  await ask(service, 'POST', `/v1/keys/${world.key}/revoke`, { body: {} })
  return world
}

async function tokenWith(permissions: readonly string[], project?: string): Promise<string> {
  const body = { permissions: [...permissions], ...(project === undefined ? {} : { project }) }
  return (await createToken(service, body)).secret
}

/** Credentials that are none: the answer is 401 on every route with access control. */
async function badCredentials(): Promise<Record<string, string | undefined>> {
  const expired = await createToken(service, {
    permissions: EVERYTHING,
    expiresAt: new Date(clock + 1).toISOString(),
  })
  clock += 1
  const revoked = await createToken(service, { permissions: EVERYTHING })
  await ask(service, 'DELETE', `/v1/tokens/${revoked.token.id}`)
  return {
    'no credentials': undefined,
    'a malformed header': 'Bearer',
    'another scheme': `Basic ${Buffer.from(`a:${service.rootToken}`).toString('base64')}`,
    'an unknown token': `Bearer ${generateKey({ brand: 'ks', kind: 'root' }).secret}`,
    'another secret of a known id': `Bearer ${otherSecretOf(service.rootToken)}`,
    'an expired token': `Bearer ${expired.secret}`,
    'a revoked token': `Bearer ${revoked.secret}`,
    'an issued key': `Bearer ${own.secret}`,
  }
}

function otherSecretOf(token: string): string {
  const id = token.split('_')[2]?.slice(1) ?? ''
  return generateKey({ brand: 'ks', kind: 'root', id }).secret
}

async function call(
  route: LiveRoute,
  target: Target,
  authorization: string | undefined,
): Promise<Answer> {
  cells += 1
  const request = REQUESTS[routeName(route)]
  if (!request) throw new Error(`add ${routeName(route)} to the requests of the matrix`)
  const { path = route.url, body } = request(target)
  return ask(service, route.method as Method, path, {
    token: null,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': route.mediaType }),
    },
    ...(body === undefined ? {} : { body }),
  })
}

/** All that a caller can tell two answers apart by. */
function visible(answer: Answer) {
  const { 'x-request-id': id, date: _date, 'content-length': length, ...headers } = answer.headers
  expect(Number(length)).toBe(Buffer.byteLength(answer.text))
  return {
    status: answer.status,
    headers,
    text: answer.text.replaceAll(`"${id}"`, '""').replace(`request:${id}"`, 'request:"'),
  }
}

const isPublic = ({ access }: LiveRoute) => access === 'public'
const isLocal = ({ access }: LiveRoute) => access === 'local'
const hasTarget = (route: LiveRoute) => !WITHOUT_TARGET.has(routeName(route))
const needsPermission = ({ access }: LiveRoute) =>
  access !== 'public' && access !== 'local' && access !== 'authenticated'

/** The rights of the service that do not include the one that is needed. */
function allBut(needed: string): string[] {
  return ['*', ...MANAGEMENT_PERMISSIONS.filter((permission) => permission !== needed)]
}

const nowhere = (): Target => ({
  project: generateId(),
  key: generateId(),
  token: generateId(),
  reservation: generateId(),
  policy: generateId(),
})

test('the matrix knows every registered route, and no other', () => {
  expect(Object.keys(REQUESTS).toSorted()).toEqual(routes.map(routeName).toSorted())
  for (const { method, url } of routes) {
    expect(service.app.hasRoute({ method: method as 'GET', url })).toBe(true)
  }
})

test('what is no valid token gets 401 with a challenge, whatever it asks for', async () => {
  const callers = Object.entries(await badCredentials())
  for (const route of routes.filter((route) => !isPublic(route) && !isLocal(route))) {
    for (const [caller, authorization] of callers) {
      const targets = hasTarget(route) ? [own, foreign, deleted, nowhere()] : [own]
      const answers = await Promise.all(targets.map((target) => call(route, target, authorization)))
      for (const answer of answers) {
        const label = `${routeName(route)}, ${caller}`
        expect(answer.status, label).toBe(401)
        expect(answer.body.code, label).toBe('unauthenticated')
        expect(answer.headers['www-authenticate'], label).toBe(
          authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
        )
        expect(visible(answer), label).toEqual(visible(answers[0] as Answer))
      }
    }
  }
})

test('a token without the needed permission gets 403, also with every other one', async () => {
  for (const route of routes.filter(needsPermission)) {
    const callers = {
      'no permission': await tokenWith([]),
      'no permission, own project': await tokenWith([], own.project),
      'all permissions of issued keys': await tokenWith(['*']),
      'every other permission': await tokenWith(allBut(route.access)),
      'every other permission, own project': await tokenWith(allBut(route.access), own.project),
    }
    for (const [caller, token] of Object.entries(callers)) {
      for (const target of hasTarget(route) ? [own, foreign, deleted, nowhere()] : [own]) {
        const answer = await call(route, target, `Bearer ${token}`)
        const label = `${routeName(route)}, ${caller}`
        expect(answer.status, label).toBe(403)
        expect(answer.body.code, label).toBe('missing_permission')
        expect(answer.headers['www-authenticate'], label).toBe(
          `Bearer error="insufficient_scope", scope="${route.access}"`,
        )
      }
    }
  }
})

test('the needed permission alone is enough, for the own project and for all projects', async () => {
  for (const route of routes.filter((route) => !isLocal(route))) {
    const rights = needsPermission(route) ? [route.access] : []
    for (const bound of [true, false]) {
      const world = await (routeName(route) === 'projects.delete' ? makeUnusedWorld() : makeWorld())
      const token = await tokenWith(rights, bound ? world.project : undefined)
      const answer = await call(route, world, `Bearer ${token}`)
      const label = `${routeName(route)}, ${bound ? 'own project' : 'all projects'}: ${answer.text}`
      if (bound && routeName(route) === 'projects.create') {
        // A token of one project makes no other one.
        expect(answer.status, label).toBe(403)
        expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"')
      } else expect(answer.status, label).toBeLessThan(300)
    }
  }
})

test('foreign, deleted, absent and wrong-class objects cannot be told apart', async () => {
  const before = await snapshot()
  for (const route of routes.filter((route) => needsPermission(route) && hasTarget(route))) {
    for (const rights of [[route.access], EVERYTHING]) {
      const token = await tokenWith(rights, own.project)
      const absent = visible(await call(route, nowhere(), `Bearer ${token}`))
      expect(absent.status, routeName(route)).toBe(404)
      const others: Record<string, Target> = {
        foreign,
        deleted,
        'wrong class': wrongClass(own),
        'wrong class of another': wrongClass(foreign),
        'not an id': {
          project: 'no-such-thing',
          key: 'NO',
          token: '-',
          reservation: '-',
          policy: 'NO',
        },
      }
      for (const [kind, target] of Object.entries(others)) {
        // A filter by an object of another class finds nothing, in whatever class it is.
        if (routeName(route) === 'auditEvents.list' && kind === 'not an id') continue
        const answer = visible(await call(route, target, `Bearer ${token}`))
        expect(answer, `${routeName(route)}, ${kind}`).toEqual(absent)
      }
    }
  }
  expect(await snapshot()).toEqual(before)
})

test('a token of one project finds nothing of another one in any list', async () => {
  const token = await tokenWith(EVERYTHING, own.project)
  const lists = routes.filter(({ schema }) => schema.querystring?.properties?.limit)
  expect(lists.map(routeName).toSorted()).toEqual(
    ['auditEvents.list', 'keys.list', 'policies.list', 'projects.list', 'tokens.list'].toSorted(),
  )
  // The newest records are foreign ones: they would stand on the first page.
  clock += 1
  const newest = await makeWorld()
  for (const route of lists) {
    const { body, text } = await ask(service, 'GET', `${route.url}?limit=200`, { token })
    cells += 1
    expect(body.items.length, routeName(route)).toBeGreaterThan(0)
    for (const { project, key, token, policy } of [foreign, newest, deleted]) {
      for (const id of [project, key, token, policy])
        expect(text, routeName(route)).not.toContain(id)
    }
    const all = (await ask(service, 'GET', `${route.url}?limit=200`)).text
    expect(all.includes(newest.project) || all.includes(newest.token)).toBe(true)
  }
  const filtered = async (target: string) =>
    (await ask(service, 'GET', `/v1/audit-events?target=${target}`, { token })).body
  expect(await filtered(foreign.key)).toEqual(await filtered(generateId()))
})

test('routes for commands on the machine look absent to every caller', async () => {
  const tokens = Object.values(await badCredentials())
  const callers = [...tokens, `Bearer ${service.rootToken}`, `Bearer ${await tokenWith([])}`]
  const local = routes.filter(isLocal)
  expect(local.length).toBeGreaterThan(0)
  for (const route of local) {
    for (const authorization of callers) {
      const answer = await call(route, own, authorization)
      const headers = authorization === undefined ? {} : { authorization }
      const absent = await ask(service, 'GET', '/control/nothing', { token: null, headers })
      expect(answer.status).toBe(404)
      expect(visible(answer)).toEqual(visible(absent))
    }
  }
})

test('a method that is not registered is absent on every path, for every caller', async () => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'] as const
  const callers = [...Object.values(await badCredentials()), `Bearer ${service.rootToken}`]
  for (const url of new Set(routes.map((route) => route.url))) {
    const known = routes.filter((route) => covers(route.url, url)).map(({ method }) => method)
    for (const method of methods.filter((method) => !known.includes(method))) {
      for (const authorization of callers) {
        cells += 1
        const headers = authorization === undefined ? {} : { authorization }
        const path = url.replace(':id', own.key)
        // biome-ignore lint/suspicious/noExplicitAny: TRACE is missing in the types of inject
        const answer = await service.app.inject({ method: method as any, url: path, headers })
        expect(answer.statusCode, `${method} ${url}`).toBe(404)
      }
    }
  }
})

/** Is a request to the second path answered by a route of the first? /v1/keys/import looks like an id. */
function covers(registered: string, path: string): boolean {
  return new RegExp(`^${registered.replace(':id', '[^/]+')}$`).test(path)
}

/** In the place of every object one of another class. */
function wrongClass({ key, token, policy }: World): Target {
  return { project: policy, key: token, token: key, reservation: key, policy: key }
}

/** State of the world that refused requests must not have changed. */
async function snapshot() {
  const paths = [own, foreign].flatMap(({ key, project, policy }) => [
    `/v1/keys/${key}`,
    `/v1/policies/${policy}`,
    `/v1/projects/${project}`,
  ])
  const answers = await Promise.all(paths.map((path) => ask(service, 'GET', path)))
  return answers.map(({ body, headers }) => ({ body, etag: headers.etag }))
}
