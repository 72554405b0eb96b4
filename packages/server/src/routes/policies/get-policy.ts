import { Policy } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { etag } from '../../keys/edit.ts'
import { principalOf } from '../../plugins/access.ts'
import { findPolicy } from '../../policies/find-policy.ts'
import { IdParams } from '../params.ts'
import { type App, PROBLEMS } from '../route.ts'
import { describePolicy } from './describe-policy.ts'

export function getPolicyRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/policies/:id',
    {
      config: { access: 'keys:read' },
      schema: {
        operationId: 'policies.get',
        summary: 'Get a policy',
        tags: ['policies'],
        params: IdParams,
        response: { 200: Policy, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const policy = await findPolicy(deps, principalOf(request), request.params.id)
      reply.header('etag', etag(policy))
      return describePolicy(deps, policy)
    },
  )
}
