import { IssuedKey, RotateKey } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKey } from '../../keys/describe-keys.ts'
import { rotateKey } from '../../keys/rotate-key.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { IdempotencyHeaders, IdParams } from '../params.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayIssuedKey } from './replay-key.ts'

export function rotateKeyRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/keys/:id/rotate',
    {
      config: { access: 'keys:write', replay: replayIssuedKey },
      schema: {
        operationId: 'keys.rotate',
        summary: 'Give a key a new secret; the old one works on for the overlap',
        tags: ['keys'],
        params: IdParams,
        headers: IdempotencyHeaders,
        body: RotateKey,
        response: { 200: IssuedKey, ...PROBLEMS },
      },
    },
    async (request) => {
      const { params, body } = request
      const { key, secret } = await rotateKey(deps, callerOf(request), params.id, body)
      const description = await describeKey(deps, key)
      return { key: presentKey(description, deps.now()), ...(secret === null ? {} : { secret }) }
    },
  )
}
