import { Key, SetQuotaUsed } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { etag } from '../../keys/edit.ts'
import { setQuotaUsed } from '../../keys/set-quota-used.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayKey } from './replay-key.ts'

export function setQuotaUsedRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/quotas',
    {
      config: { access: 'keys:write', replay: replayKey },
      schema: {
        operationId: 'keys.setQuotaUsed',
        summary: 'Set what counts as used of a quota in the present period',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        body: SetQuotaUsed,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const key = await setQuotaUsed(deps, callerOf(request), params.id, body)
      reply.header('etag', etag(key))
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
