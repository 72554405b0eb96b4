import { redactKeys } from '@keysmith/key-format'
import type { Answer, Call, Http } from './call.ts'
import { randomKey } from './idempotency-key.ts'
import type { RequestOptions } from './options.ts'

/** A call of the management API. */
export interface ApiCall extends Pick<Call, 'method' | 'accepts' | 'contentType'> {
  route: string
  id?: string
  query?: object | undefined
  /** An object is sent as JSON. */
  body?: object | string | undefined
  options?: RequestOptions | undefined
}

export type Api = <Data>(call: ApiCall) => Promise<Answer<Data>>

/** The management API: paths, and idempotency keys that make every POST safe to repeat. */
export function createApi(http: Http): Api {
  return async <Data>({ query, id, body, options = {}, ...call }: ApiCall) => {
    const { method, route } = call
    const idempotencyKey = options.idempotencyKey || (method === 'POST' ? randomKey() : undefined)
    return http<Data>({
      ...call,
      body: typeof body === 'object' ? JSON.stringify(body) : body,
      path: pathOf(route, id, query),
      keyId: route.startsWith('/v1/keys') ? id : undefined,
      // A PATCH without an answer is not sent again: somebody else may have changed the record since,
      // and the service knows idempotency keys of POST alone.
      isRepeatable: method !== 'PATCH',
      options: { ...options, idempotencyKey },
    })
  }
}

function pathOf(route: string, id = '', query: object = {}): string {
  // As a path, an empty id or dots alone would lead to another route.
  if (route.includes('{id}') && /^\.*$/.test(id)) throw new TypeError('The id is missing')
  const fields = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = fields.length ? `?${new URLSearchParams(fields)}` : ''
  const path = route.replace('{id}', encodeURIComponent(id)) + search
  if (redactKeys(path) !== path) {
    throw new TypeError('A secret must not stand in a URL: give the id of the key')
  }
  return path
}
