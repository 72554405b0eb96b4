import type { Api } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import type { RequestOptions } from './options.ts'
import { List } from './page.ts'

/** The methods of resources that are kept by id: `client.projects` and `client.policies`. */
export function createCollection<
  Item,
  Create extends object,
  Update extends object,
  Filter extends object,
>(api: Api, route: string) {
  const one = `${route}/{id}`
  return {
    create: (body: Create, options?: RequestOptions): ApiPromise<Item> =>
      toApiPromise(api({ method: 'POST', route, body, options })),

    /** As it is now. */
    get: (id: string, options?: RequestOptions): ApiPromise<Item> =>
      toApiPromise(api({ method: 'GET', route: one, id, options })),

    /** Newest first. */
    list: (filter?: Filter, options?: RequestOptions): List<Item> =>
      new List(api, { method: 'GET', route, query: filter, options }),

    /** Changes the fields that are given. It is not repeated after a failure. */
    update: (id: string, body: Update, options?: RequestOptions): ApiPromise<Item> =>
      toApiPromise(api({ method: 'PATCH', route: one, id, body, options })),

    /**
     * Rejects with a `ConflictError` while it is protected or keys need it. When the answer is lost, the
     * repetition rejects with `NotFoundError`: it is gone.
     */
    delete: (id: string, options?: RequestOptions): ApiPromise<void> =>
      toApiPromise(api({ method: 'DELETE', route: one, id, options })),
  }
}
