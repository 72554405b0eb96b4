import { Key } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { etag, findKey } from '../../keys/edit.ts'
import { principalOf } from '../../plugins/access.ts'
import { IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function getKeyRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/keys/:id',
    {
      config: { access: 'keys:read' },
      schema: {
        operationId: 'keys.get',
        summary: 'Get a key',
        tags: ['keys'],
        params: IdParams,
        response: { 200: Key, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const key = await findKey(deps, { principal: principalOf(request) }, request.params.id)
      reply.header('etag', etag(key))
      return presentKey(await describeKey(deps, key), deps.now())
    },
  )
}
