import type {
  CreateKey,
  RevokeKey,
  RotateKey,
  SetOverlap,
  SetQuotaUsed,
  SettleReservation,
  UpdateKey,
  VerifyRequest,
} from '../types.gen.ts'
import { VERSION } from '../version.gen.ts'
import type { FakeDeps } from './fake-deps.ts'
import { DEFAULT_DAYS } from './fake-key.ts'
import { createFakeKeys, type FakeKeys } from './fake-keys.ts'
import { createFakeLimits, type FakeLimits } from './fake-limits.ts'
import { FakeProblem } from './fake-problem.ts'
import { iso } from './fake-time.ts'

type Body = CreateKey &
  UpdateKey &
  RotateKey &
  SetOverlap &
  SetQuotaUsed &
  RevokeKey &
  Omit<VerifyRequest, 'cost'> &
  SettleReservation

/** What a request of the client holds. */
interface Asked {
  id: string
  /** The one of its route: the client has typed what it sends. */
  body: Body
  query: URLSearchParams
}

type Routes = Record<string, (asked: Asked) => unknown>

const PAGE_SIZE = 50

/** Answers like the service, from memory. */
export function createFakeService(deps: FakeDeps) {
  const limits = createFakeLimits(deps)
  const keys = keyRoutes(createFakeKeys(deps, limits))
  const routes: Routes = { ...keys, ...reservationRoutes(limits), ...serviceRoutes(deps) }

  return async (method: string, url: URL, body: string): Promise<Response> => {
    const [, id = ''] = /^\/v1\/(?:keys|projects|reservations)\/([^/]+)/.exec(url.pathname) ?? []
    const route = `${method} ${id ? url.pathname.replace(`s/${id}`, 's/{id}') : url.pathname}`
    try {
      const found = routes[route]
      if (!found) throw new FakeProblem(404, 'route_not_found')
      const asked = { id: decodeURIComponent(id), body: JSON.parse(body), query: url.searchParams }
      return Response.json(await found(asked), { status: route === 'POST /v1/keys' ? 201 : 200 })
    } catch (error) {
      if (error instanceof FakeProblem) return error.response
      throw error
    }
  }
}

function keyRoutes(keys: FakeKeys): Routes {
  return {
    'POST /v1/keys': ({ body }) => keys.create(body),
    'GET /v1/keys': ({ query }) => pageOf(keys.list(), query),
    'GET /v1/keys/{id}': ({ id }) => keys.get(id),
    'PATCH /v1/keys/{id}': ({ id, body }) => keys.update(id, body),
    'POST /v1/keys/{id}/disable': ({ id }) => keys.setEnabled(id, false),
    'POST /v1/keys/{id}/enable': ({ id }) => keys.setEnabled(id, true),
    'POST /v1/keys/{id}/rotate': ({ id, body }) => keys.rotate(id, body),
    'POST /v1/keys/{id}/overlap': ({ id, body }) => keys.setOverlap(id, body),
    'POST /v1/keys/{id}/revoke': ({ id, body }) => keys.revoke(id, body),
    'POST /v1/keys/{id}/quotas': ({ id, body }) => keys.setQuotaUsed(id, body),
    'POST /v1/verify': ({ body }) => keys.verify(body),
  }
}

function reservationRoutes({ endReservation }: FakeLimits): Routes {
  return {
    'POST /v1/reservations/{id}/settle': ({ id, body }) => endReservation(id, body.cost),
    'POST /v1/reservations/{id}/release': ({ id }) => endReservation(id, null),
  }
}

function serviceRoutes({ now, project }: FakeDeps): Routes {
  const caller = { id: 'test', name: 'test', kind: 'token', permissions: ['*'] }
  const facts = { version: VERSION, instanceId: 'test', features: [], precheck: 'on' }
  const sizes = { maxPageSize: 200, maxBodyBytes: 16_384, maxLeaseMs: 0 }
  const limits = { ...sizes, keyMaxDays: null, keyDefaultDays: DEFAULT_DAYS }
  const { brand } = project
  return {
    'GET /v1/projects': () => ({ items: [project], nextCursor: null }),
    'GET /v1/projects/{id}': ({ id }) => {
      if (id === project.id || id === project.name) return project
      throw new FakeProblem(404, 'project_not_found')
    },
    'GET /v1/whoami': () => ({ ...caller, project: null, expiresAt: null }),
    'GET /v1/meta': () => ({ ...facts, limits, brand, rotationsDue: 0, time: iso(now()) }),
    'GET /livez': () => ({ live: true }),
    'GET /readyz': () => ({ ready: true, storage: 'ok', draining: false }),
  }
}

/** The cursor is the place in the list; a filter is a field of the key. */
function pageOf(all: object[], query: URLSearchParams) {
  const { cursor = 0, limit = PAGE_SIZE, project: _, ...filter } = Object.fromEntries(query)
  const fits = (key: object) =>
    Object.entries(filter).every(([name, text]) => Object(key)[name] === text)
  const rest = all.filter(fits).slice(Number(cursor))
  const next = rest.length > Number(limit) ? `${Number(cursor) + Number(limit)}` : null
  return { items: rest.slice(0, Number(limit)), nextCursor: next }
}
