import { DEFAULT_PAGE_SIZE, ListProjects, ProjectPage } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { principalOf } from '../../plugins/access.ts'
import { decodeCursor, toPage } from '../cursor.ts'
import { presentProject } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function listProjectsRoute(app: App, deps: Deps): void {
  app.get(
    '/v1/projects',
    {
      config: { access: 'projects:read' },
      schema: {
        operationId: 'projects.list',
        summary: 'List projects, newest first',
        tags: ['projects'],
        querystring: ListProjects,
        response: { 200: ProjectPage, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit = DEFAULT_PAGE_SIZE, cursor, name } = request.query
      const projects = await deps.store.listProjects({
        scope: principalOf(request).projectId,
        name: name ?? null,
        limit: limit + 1,
        cursor: decodeCursor(cursor),
      })
      return toPage(
        projects,
        limit,
        (project) => ({ at: project.createdAt, id: project.id }),
        presentProject,
      )
    },
  )
}
