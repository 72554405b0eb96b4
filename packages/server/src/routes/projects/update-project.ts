import { Project, UpdateProject } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { etag } from '../../keys/edit.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { updateProject } from '../../projects/update-project.ts'
import { IfMatchHeaders, ProjectParams } from '../params.ts'
import { presentProject } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function updateProjectRoute(app: App, deps: Deps): void {
  app.patch(
    '/v1/projects/:id',
    {
      config: { access: 'projects:write' },
      schema: {
        operationId: 'projects.update',
        summary: 'Change a project; enabled false refuses all its keys',
        tags: ['projects'],
        params: ProjectParams,
        headers: IfMatchHeaders,
        body: UpdateProject,
        response: { 200: Project, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request
      const caller = callerOf(request)
      const project = await updateProject(deps, caller, params.id, body, headers['if-match'])
      reply.header('etag', etag(project))
      return presentProject(project)
    },
  )
}
