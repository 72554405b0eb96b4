import { DEFAULT_PAGE_SIZE, ListTokens, TokenPage } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { principalOf } from '../../plugins/access.ts'
import { decodeCursor, toPage } from '../cursor.ts'
import { presentToken } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function listTokensRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/tokens',
    {
      config: { access: 'tokens:read' },
      schema: {
        operationId: 'tokens.list',
        summary: 'List management tokens, newest first',
        tags: ['tokens'],
        querystring: ListTokens,
        response: { 200: TokenPage, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor } = request.query
      const tokens = await deps.store.listTokens({
        scope: principalOf(request).projectId,
        limit: limit + 1,
        cursor: decodeCursor(cursor),
      })
      const now = deps.now()
      return toPage(
        tokens,
        limit,
        (token) => ({ at: token.createdAt, id: token.id }),
        (token) => presentToken(token, now),
      )
    },
  )
}
