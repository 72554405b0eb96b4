import { Key, SetOverlap } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { setOverlap } from '../../keys/set-overlap.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayKey } from './replay-key.ts'

export function setOverlapRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/overlap',
    {
      config: { access: 'keys:write', replay: replayKey },
      schema: {
        operationId: 'keys.setOverlap',
        summary: 'Move the end of the older secret; 0 ends it now',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        body: SetOverlap,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request) => {
      const { params, body } = request
      const key = await setOverlap(deps, callerOf(request), params.id, body.overlapSeconds)
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
