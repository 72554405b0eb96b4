import { Type } from 'typebox'
import type { Deps } from '../../keys/deps.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { deletePolicy } from '../../policies/delete-policy.ts'
import { IdParams } from '../params.ts'
import { type App, PROBLEMS } from '../route.ts'

export function deletePolicyRoute(app: App, deps: Deps): void {
  app.delete(
    '/v1/policies/:id',
    {
      config: { access: 'keys:write' },
      schema: {
        operationId: 'policies.delete',
        summary: 'Delete a policy that no key has, revoked keys apart',
        tags: ['policies'],
        params: IdParams,
        response: { 204: Type.Null({ description: 'Deleted.' }), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      await deletePolicy(deps, callerOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}
