import { CreateToken, IssuedToken } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { callerOf, type Replay } from '../../plugins/idempotency.ts'
import { createToken } from '../../tokens/create-token.ts'
import { findToken } from '../../tokens/revoke-token.ts'
import { IdempotencyHeaders } from '../params.ts'
import { presentToken } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

/** Never reached with a secret in the lost answer: that is refused before. */
const replayToken: Replay = async (deps, caller, { targetId }) =>
  presentToken(await findToken(deps, caller, targetId), deps.now())

export function createTokenRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/tokens',
    {
      config: { access: 'tokens:write', replay: replayToken },
      schema: {
        operationId: 'tokens.create',
        summary: 'Create a management token; its secret is in this answer and nowhere else',
        tags: ['tokens'],
        headers: IdempotencyHeaders,
        body: CreateToken,
        response: { 201: IssuedToken, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { token, secret } = await createToken(deps, callerOf(request), request.body)
      reply.code(201)
      return { token: presentToken(token, deps.now()), secret }
    },
  )
}
