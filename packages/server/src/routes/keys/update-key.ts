import { UpdatedKey, UpdateKey } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { etag } from '../../keys/edit.ts'
import { updateKey } from '../../keys/update-key.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdParams, IfMatchHeaders } from '../params.ts'
import { presentKey, presentWarnings } from '../present.ts'
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
        response: { 200: UpdatedKey, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request
      const caller = callerOf(request)
      const { key, warnings } = await updateKey(deps, caller, params.id, body, headers['if-match'])
      reply.header('etag', etag(key))
      const description = await describeKey(deps, key)
      return { ...presentKey(description, deps.now()), ...presentWarnings(warnings) }
    },
  )
}
