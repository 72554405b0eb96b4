import { Key } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { setKeyEnabled } from '../../keys/set-key-enabled.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayKey } from './replay-key.ts'

export function disableKeyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/disable',
    {
      config: { access: 'keys:write', replay: replayKey },
      schema: {
        operationId: 'keys.disable',
        summary: 'Disable a key until it is enabled again',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request) => {
      const key = await setKeyEnabled(deps, callerOf(request), request.params.id, false)
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
