import { Usage, UsageQuery } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { findKey } from '../../keys/edit.ts'
import { endOfPoints, readUsageRange } from '../../limits/usage-range.ts'
import { principalOf } from '../../plugins/access.ts'
import { IdParams } from '../params.ts'
import { presentUsage } from '../present-usage.ts'
import { type App, PROBLEMS } from '../route.ts'

export function getUsageRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/keys/:id/usage',
    {
      config: { access: 'keys:read' },
      schema: {
        operationId: 'keys.usage',
        summary: 'Usage of a key by the hour or the day',
        tags: ['keys'],
        params: IdParams,
        querystring: UsageQuery,
        response: { 200: Usage, ...PROBLEMS },
      },
    },
    async (request) => {
      const principal = principalOf(request)
      const range = readUsageRange(request.query, deps.now())
      const { id: keyId } = await findKey(deps, { principal }, request.params.id)
      const { resolution, from } = range
      const query = { keyId, scope: principal.projectId, resolution, from, to: endOfPoints(range) }
      return presentUsage(keyId, range, await deps.store.readUsage(query))
    },
  )
}
