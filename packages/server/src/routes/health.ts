import { Live, Ready } from '@keysmith/contract'
import type { Deps } from '../keys/deps.ts'
import { type App, PROBLEMS } from './route.ts'

/** Probes for supervisors and load balancers; nothing about the version for anonymous callers. */
export function healthRoutes(app: App, deps: Deps, isDraining: () => boolean): void {
  app.get(
    '/livez',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'health.live',
        summary: 'The process is alive',
        tags: ['service'],
        security: [],
        response: { 200: Live, ...PROBLEMS },
      },
    },
    async () => ({ live: true }),
  )
  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'health.ready',
        summary: 'The service takes requests',
        tags: ['service'],
        security: [],
        response: { 200: Ready, 503: Ready, ...PROBLEMS },
      },
    },
    async (_request, reply) => {
      const storage = await deps.store.ping().then(
        () => 'ok' as const,
        () => 'unavailable' as const,
      )
      const draining = isDraining()
      const ready = storage === 'ok' && !draining
      reply.code(ready ? 200 : 503)
      return { ready, storage, draining }
    },
  )
}
