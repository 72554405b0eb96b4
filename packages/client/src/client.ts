import { createApi } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import { createCollection } from './collection.ts'
import { createHttp } from './http.ts'
import { createKeys } from './keys.ts'
import type { ConnectionOptions, RequestOptions } from './options.ts'
import { List } from './page.ts'
import { createReservations } from './reservations.ts'
import { createTokens } from './tokens.ts'
import type {
  AuditEvent,
  CreatePolicy,
  CreateProject,
  ListAuditEvents,
  ListPolicies,
  ListProjects,
  Live,
  Meta,
  Policy,
  Project,
  Ready,
  UpdatePolicy,
  UpdateProject,
  Whoami,
} from './types.gen.ts'
import { createVerify, type VerifyOptions } from './verify.ts'

/** How to reach the service, and what the methods of the client do when a call does not say. */
export interface ClientOptions extends ConnectionOptions {
  /** Id or name of the project of `keys.create` and `keys.list`. Not needed with a token of one project. */
  project?: string | undefined
  /** How `client.verify` works. */
  verify?: VerifyOptions | undefined
}

/** What `createClient` gives. */
export type Client = ReturnType<typeof createClient>

/**
 * The typed door to a Keysmith service. Make one per process and share it: it holds no connection of its
 * own, but the memory of its pre-check and its leases.
 *
 * @throws TypeError when `baseUrl` is no http or https URL.
 */
export function createClient(options: ClientOptions) {
  const http = createHttp(options)
  const api = createApi(http)
  const get = <Data>(route: string, requestOptions?: RequestOptions, query?: object) =>
    toApiPromise(api<Data>({ method: 'GET', route, query, options: requestOptions }))
  return {
    keys: createKeys(api, options.project),
    /** A project is named by its id or its name. Its keys carry its `brand`. */
    projects: createCollection<Project, CreateProject, UpdateProject, ListProjects>(
      api,
      '/v1/projects',
    ),
    /** Permissions and limits for many keys; a change is in force from the next verification on. */
    policies: createCollection<Policy, CreatePolicy, UpdatePolicy, ListPolicies>(
      api,
      '/v1/policies',
    ),
    /** What verifications with `reserve` hold until the real cost is known. */
    reservations: createReservations(http),
    tokens: createTokens(api),
    auditEvents: {
      /** Newest first. */
      list: (filter: ListAuditEvents = {}, requestOptions?: RequestOptions): List<AuditEvent> =>
        new List(api, {
          method: 'GET',
          route: '/v1/audit-events',
          query: filter,
          options: requestOptions,
        }),
    },
    /** Is this secret good for this request? Verdicts are values; rejects when nobody could answer. */
    verify: createVerify(http, options.verify),
    /** Who is calling, and with which rights. */
    whoami: (requestOptions?: RequestOptions): ApiPromise<Whoami> =>
      get('/v1/whoami', requestOptions),
    meta: {
      /** Facts about the installation and one project of it: by default that of the token, else `default`. */
      get: (query: { project?: string } = {}, requestOptions?: RequestOptions): ApiPromise<Meta> =>
        get('/v1/meta', requestOptions, query),
    },
    health: {
      /** The process is alive. */
      live: (requestOptions?: RequestOptions): ApiPromise<Live> => get('/livez', requestOptions),
      /** Whether requests are served; `ready: false` is an answer, not an error. */
      ready: (requestOptions?: RequestOptions): ApiPromise<Ready> =>
        toApiPromise(
          api({ method: 'GET', route: '/readyz', accepts: 503, options: requestOptions }),
        ),
    },
  }
}
