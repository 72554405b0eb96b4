import { CreateProject, Project } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { callerOf } from '../../plugins/idempotency.ts'
import { createProject } from '../../projects/create-project.ts'
import { IdempotencyHeaders } from '../params.ts'
import { presentProject } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'
import { replayProject } from './replay-project.ts'

export function createProjectRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/projects',
    {
      config: { access: 'projects:write', replay: replayProject },
      schema: {
        operationId: 'projects.create',
        summary: 'Create a project',
        tags: ['projects'],
        headers: IdempotencyHeaders,
        body: CreateProject,
        response: { 201: Project, 200: Project, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const project = await createProject(deps, callerOf(request), request.body)
      reply.code(201)
      return presentProject(project)
    },
  )
}
