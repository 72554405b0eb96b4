import { Project } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { etag } from '../../keys/edit.ts'
import { principalOf } from '../../plugins/access.ts'
import { findProject } from '../../projects/find-project.ts'
import { ProjectParams } from '../params.ts'
import { presentProject } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function getProjectRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/projects/:id',
    {
      config: { access: 'projects:read' },
      schema: {
        operationId: 'projects.get',
        summary: 'Get a project by id or name',
        tags: ['projects'],
        params: ProjectParams,
        response: { 200: Project, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const project = await findProject(deps, principalOf(request), request.params.id)
      reply.header('etag', etag(project))
      return presentProject(project)
    },
  )
}
