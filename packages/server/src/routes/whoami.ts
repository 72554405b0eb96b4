import { Whoami } from '@keysmith/contract'
import { principalOf } from '../plugins/access.ts'
import { presentTime } from './present.ts'
import { type App, PROBLEMS } from './route.ts'

export function whoamiRoute(app: App): void {
  app.get(
    '/v1/whoami',
    {
      config: { access: 'authenticated' },
      schema: {
        operationId: 'whoami',
        summary: 'Who is calling, and with which rights',
        tags: ['service'],
        response: { 200: Whoami, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id, name, kind, permissions, projectId, expiresAt } = principalOf(request)
      return {
        id,
        name,
        kind,
        permissions: [...permissions],
        project: projectId,
        expiresAt: expiresAt === null ? null : presentTime(expiresAt),
      }
    },
  )
}
