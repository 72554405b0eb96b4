import { CreateKey, IssuedKey } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { issueKey } from '../../keys/issue-key.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders } from '../params.ts'
import { presentKey, presentWarnings } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayIssuedKey } from './replay-key.ts'

export function createKeyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys',
    {
      config: { access: 'keys:write', replay: replayIssuedKey },
      schema: {
        operationId: 'keys.create',
        summary: 'Create a key; its secret is in this answer and nowhere else',
        tags: ['keys'],
        headers: IdempotencyHeaders,
        body: CreateKey,
        response: { 201: IssuedKey, 200: IssuedKey, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { key, secret, created, warnings } = await issueKey(
        deps,
        callerOf(request),
        request.body,
      )
      reply.code(created ? 201 : 200)
      const description = await describeKey(deps, key)
      return {
        key: presentKey(description, deps.now()),
        ...(secret === null ? {} : { secret }),
        ...presentWarnings(warnings),
      }
    },
  )
}
