import { DEFAULT_PAGE_SIZE, KeyPage, ListKeys } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { describeKeys } from '../../keys/describe-keys.ts'
import { principalOf } from '../../plugins/access.ts'
import { findScope } from '../../projects/find-project.ts'
import { decodeCursor, toPage } from '../cursor.ts'
import { presentKey } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function listKeysRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/keys',
    {
      config: { access: 'keys:read' },
      schema: {
        operationId: 'keys.list',
        summary: 'List keys, newest first',
        tags: ['keys'],
        querystring: ListKeys,
        response: { 200: KeyPage, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor, project, ...filters } = request.query
      const now = deps.now()
      const keys = await deps.store.listKeys({
        scope: await findScope(deps, principalOf(request), project),
        now,
        status: filters.status ?? null,
        environment: filters.environment ?? null,
        owner: filters.owner ?? null,
        name: filters.name ?? null,
        managedBy: filters.managedBy ?? null,
        limit: limit + 1,
        cursor: decodeCursor(cursor),
      })
      return toPage(
        await describeKeys(deps, keys),
        limit,
        ({ key }) => ({ at: key.createdAt, id: key.id }),
        (description) => presentKey(description, now),
      )
    },
  )
}
