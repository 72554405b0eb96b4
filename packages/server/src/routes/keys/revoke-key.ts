import { Key, RevokeKey } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { revokeKey } from '../../keys/revoke-key.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayKey } from './replay-key.ts'

export function revokeKeyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/revoke',
    {
      config: { access: 'keys:write', replay: replayKey },
      schema: {
        operationId: 'keys.revoke',
        summary: 'Revoke a key for ever; the next verification is refused',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        body: RevokeKey,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request) => {
      const key = await revokeKey(deps, callerOf(request), request.params.id, request.body)
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
