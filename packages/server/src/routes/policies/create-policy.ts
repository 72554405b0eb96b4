import { CreatePolicy, Policy } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { createPolicy } from '../../policies/create-policy.ts'
import { IdempotencyHeaders } from '../params.ts'
import { type App, PROBLEMS } from '../route.ts'
import { describePolicy } from './describe-policy.ts'
import { replayPolicy } from './replay-policy.ts'

export function createPolicyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/policies',
    {
      config: { access: 'keys:write', replay: replayPolicy },
      schema: {
        operationId: 'policies.create',
        summary: 'Create a policy: permissions and limits for many keys',
        tags: ['policies'],
        headers: IdempotencyHeaders,
        body: CreatePolicy,
        response: { 201: Policy, 200: Policy, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const policy = await createPolicy(deps, callerOf(request), request.body)
      reply.code(201)
      return describePolicy(deps, policy)
    },
  )
}
