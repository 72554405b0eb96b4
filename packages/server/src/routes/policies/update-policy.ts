import { Policy, UpdatePolicy } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { etag } from '../../keys/edit.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { updatePolicy } from '../../policies/update-policy.ts'
import { IdParams, IfMatchHeaders } from '../params.ts'
import { type App, PROBLEMS } from '../route.ts'
import { describePolicy } from './describe-policy.ts'

export function updatePolicyRoute(app: App, deps: Deps): void {
  app.patch(
    '/v1/policies/:id',
    {
      config: { access: 'keys:write' },
      schema: {
        operationId: 'policies.update',
        summary: 'Change a policy; in force for its keys with the next verification',
        tags: ['policies'],
        params: IdParams,
        headers: IfMatchHeaders,
        body: UpdatePolicy,
        response: { 200: Policy, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request
      const caller = callerOf(request)
      const policy = await updatePolicy(deps, caller, params.id, body, headers['if-match'])
      reply.header('etag', etag(policy))
      return describePolicy(deps, policy)
    },
  )
}
