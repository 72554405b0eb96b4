import { Key } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { setKeyEnabled } from '../../keys/set-key-enabled.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayKey } from './replay-key.ts'

export function enableKeyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/enable',
    {
      config: { access: 'keys:write', replay: replayKey },
      schema: {
        operationId: 'keys.enable',
        summary: 'Enable a disabled key',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request) => {
      const key = await setKeyEnabled(deps, callerOf(request), request.params.id, true)
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
