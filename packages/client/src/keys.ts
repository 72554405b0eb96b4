import type { Api } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import { createMethod, rotateMethod } from './issue.ts'
import type { RequestOptions } from './options.ts'
import { List } from './page.ts'
import type {
  ImportKey,
  ImportReport,
  Key,
  ListKeys,
  RevokeKey,
  SetQuotaUsed,
  UpdateKey,
  Usage,
  UsageQuery,
} from './types.gen.ts'

/** Strings that nobody attests to be random take the service about 25 ms each. */
const IMPORT_TIMEOUT_MS = 120_000

export interface ImportOptions {
  /** Id or name. Default: the project of the client, else of the token, else `default`. */
  project?: string | undefined
  /** Random bits that each string has, as its issuer attests. From 112 on the import is fast. */
  entropyBits?: number | undefined
}

export type Keys = ReturnType<typeof createKeys>

/** The methods of `client.keys`. `project` is the one of `create` and `list` when they name none. */
export function createKeys(api: Api, project: string | undefined) {
  const change = (verb: string, id: string, body?: object, options?: RequestOptions) => {
    const route = `/v1/keys/{id}/${verb}`
    return toApiPromise(api<Key>({ method: 'POST', route, id, ...(body && { body }), options }))
  }
  return {
    /**
     * Creates a key. Its secret is shown this once. When the answer is lost, the repetition rejects with a
     * `ConflictError` (`secret_not_replayable`) that has the `keyId`.
     */
    create: createMethod(api, project),

    /**
     * Gives the key a new secret, shown this once. The present one works on for `overlapSeconds`. Rejects
     * with a `ConflictError` while an earlier overlap runs (`overlap_running`), unless
     * `overlapSeconds` is 0.
     */
    rotate: rotateMethod(api),

    /** A key as it is now; never a secret. Rejects with `NotFoundError` when this token sees none. */
    get: (id: string, options?: RequestOptions): ApiPromise<Key> =>
      toApiPromise(api({ method: 'GET', route: '/v1/keys/{id}', id, options })),

    /** Newest first. */
    list: (filter: ListKeys = {}, options?: RequestOptions): List<Key> =>
      new List(api, {
        method: 'GET',
        route: '/v1/keys',
        query: { ...filter, project: filter.project ?? project },
        options,
      }),

    /**
     * Changes the fields that are given. It is not repeated after a failure: read the key to see whether
     * it was carried out. With the header `if-match` it is refused when the key was changed meanwhile.
     */
    update: (id: string, body: UpdateKey, options?: RequestOptions): ApiPromise<Key> =>
      toApiPromise(api({ method: 'PATCH', route: '/v1/keys/{id}', id, body, options })),

    /** A pause: refused from the next verification on, until it is enabled. */
    disable: (id: string, options?: RequestOptions) => change('disable', id, undefined, options),

    /** Ends the pause. */
    enable: (id: string, options?: RequestOptions) => change('enable', id, undefined, options),

    /** For ever: refused from the next verification on, or after `afterSeconds`. */
    revoke: (id: string, body: RevokeKey = {}, options?: RequestOptions) =>
      change('revoke', id, body, options),

    /**
     * Takes over keys that were issued elsewhere, by the SHA-256 of their strings: 1 to 1,000 lines, each
     * whole or not at all, as the report says. It can be repeated: what is there is not made twice.
     */
    import: (
      lines: readonly ImportKey[],
      query: ImportOptions = {},
      options?: RequestOptions,
    ): ApiPromise<ImportReport> =>
      toApiPromise(
        api({
          method: 'POST',
          route: '/v1/keys/import',
          query: { ...query, project: query.project ?? project },
          body: lines.map((line) => JSON.stringify(line)).join('\n'),
          contentType: 'application/x-ndjson',
          options: { ...options, timeoutMs: options?.timeoutMs ?? IMPORT_TIMEOUT_MS },
        }),
      ),

    /** What the key used, by the hour or day: the last 24 hours by default. Up to a second late. */
    usage: (id: string, query: UsageQuery = {}, options?: RequestOptions): ApiPromise<Usage> =>
      toApiPromise(api({ method: 'GET', route: '/v1/keys/{id}/usage', id, query, options })),

    /** Sets what counts as used in the present period. Its open reservations hold nothing from then on. */
    setQuotaUsed: (id: string, body: SetQuotaUsed, options?: RequestOptions) =>
      change('quotas', id, body, options),

    /** Moves the end of the older secret to `overlapSeconds` from now. */
    setOverlap: (id: string, overlapSeconds: number, options?: RequestOptions) =>
      change('overlap', id, { overlapSeconds }, options),

    /** Ends the older secret now. */
    endOverlap: (id: string, options?: RequestOptions) =>
      change('overlap', id, { overlapSeconds: 0 }, options),
  }
}
