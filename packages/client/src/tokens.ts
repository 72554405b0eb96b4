import type { Api } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import type { RequestOptions } from './options.ts'
import { List } from './page.ts'
import type { CreateToken, IssuedToken, ListTokens, Token } from './types.gen.ts'

export type Tokens = ReturnType<typeof createTokens>

/** The methods of `client.tokens`: management tokens, which call this API. */
export function createTokens(api: Api) {
  return {
    /** Creates a token that holds no more than the calling one. Its secret is shown this once. */
    create: (body: CreateToken, options?: RequestOptions): ApiPromise<IssuedToken> =>
      toApiPromise(api({ method: 'POST', route: '/v1/tokens', body, options })),

    /** Newest first. */
    list: (page: ListTokens = {}, options?: RequestOptions): List<Token> =>
      new List(api, { method: 'GET', route: '/v1/tokens', query: page, options }),

    /** At once and for ever. */
    revoke: (id: string, options?: RequestOptions): ApiPromise<Token> =>
      toApiPromise(api({ method: 'DELETE', route: '/v1/tokens/{id}', id, options })),
  }
}
