import { AuditEventPage, DEFAULT_PAGE_SIZE, ListAuditEvents } from '@keysmith/contract'
import type { Deps } from '../keys/deps.ts'
import { principalOf } from '../plugins/access.ts'
import { findScope } from '../projects/find-project.ts'
import { decodeCursor, toPage } from './cursor.ts'
import { presentAuditEvent } from './present.ts'
import { type App, PROBLEMS } from './route.ts'

export function listAuditEventsRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/audit-events',
    {
      config: { access: 'audit:read' },
      schema: {
        operationId: 'auditEvents.list',
        summary: 'List changes, newest first',
        tags: ['audit'],
        querystring: ListAuditEvents,
        response: { 200: AuditEventPage, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor, project, target, action } = request.query
      const events = await deps.store.listAuditEvents({
        scope: await findScope(deps, principalOf(request), project),
        targetId: target ?? null,
        action: action ?? null,
        beforeSeq: decodeCursor(cursor)?.at ?? null,
        limit: limit + 1,
      })
      return toPage(
        events,
        limit,
        (event) => ({ at: event.seq, id: event.target.id }),
        presentAuditEvent,
      )
    },
  )
}
