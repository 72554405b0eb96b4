import { Key, UpdateKey } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { etag } from '../../keys/edit.ts'
import { updateKey } from '../../keys/update-key.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdParams, IfMatchHeaders } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function updateKeyRoute(app: App, deps: Deps): void {
  app.patch(
    '/v1/keys/:id',
    {
      config: { access: 'keys:write' },
      schema: {
        operationId: 'keys.update',
        summary: 'Change attributes of a key; never its secret',
        tags: ['keys'],
        params: IdParams,
        headers: IfMatchHeaders,
        body: UpdateKey,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request
      const key = await updateKey(deps, callerOf(request), params.id, body, headers['if-match'])
      reply.header('etag', etag(key))
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
