import { Token } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { revokeToken } from '../../tokens/revoke-token.ts'
import { IdParams } from '../params.ts'
import { presentToken } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function revokeTokenRoute(app: App, deps: Deps): void {
  app.delete(
    '/v1/tokens/:id',
    {
      config: { access: 'tokens:write' },
      schema: {
        operationId: 'tokens.revoke',
        summary: 'Revoke a management token at once',
        tags: ['tokens'],
        params: IdParams,
        response: { 200: Token, ...PROBLEMS },
      },
    },
    async (request) => {
      const token = await revokeToken(deps, callerOf(request), request.params.id)
      return presentToken(token, deps.now())
    },
  )
}
