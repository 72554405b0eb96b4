import { DEFAULT_PAGE_SIZE, ListPolicies, PolicyPage } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { principalOf } from '../../plugins/access.ts'
import { findScope } from '../../projects/find-project.ts'
import { decodeCursor, toPage } from '../cursor.ts'
import { presentPolicy } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function listPoliciesRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/policies',
    {
      config: { access: 'keys:read' },
      schema: {
        operationId: 'policies.list',
        summary: 'List policies, newest first',
        tags: ['policies'],
        querystring: ListPolicies,
        response: { 200: PolicyPage, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor, project, name } = request.query
      const policies = await deps.store.listPolicies({
        scope: await findScope(deps, principalOf(request), project),
        name: name ?? null,
        limit: limit + 1,
        cursor: decodeCursor(cursor),
      })
      const ids = policies.map(({ id }) => id)
      const keys = await deps.store.countPolicyKeys(ids, deps.now())
      return toPage(
        policies,
        limit,
        (policy) => ({ at: policy.createdAt, id: policy.id }),
        (policy) => presentPolicy(policy, keys.get(policy.id) ?? 0),
      )
    },
  )
}
