import { Type } from 'typebox'
import type { Deps } from '../../keys/deps.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { deleteProject } from '../../projects/delete-project.ts'
import { ProjectParams } from '../params.ts'
import { type App, PROBLEMS } from '../route.ts'

export function deleteProjectRoute(app: App, deps: Deps): void {
  app.delete(
    '/v1/projects/:id',
    {
      config: { access: 'projects:write' },
      schema: {
        operationId: 'projects.delete',
        summary: 'Delete a project without usable keys',
        tags: ['projects'],
        params: ProjectParams,
        response: { 204: Type.Null({ description: 'Deleted.' }), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      await deleteProject(deps, callerOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}
