import type { Api } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import type { RequestOptions } from './options.ts'
import { List } from './page.ts'
import type { CreateProject, ListProjects, Project, UpdateProject } from './types.gen.ts'

export type Projects = ReturnType<typeof createProjects>

const ROUTE = '/v1/projects/{id}'

/** The methods of `client.projects`. A project is named by its id or its name. */
export function createProjects(api: Api) {
  return {
    /** Creates a project. Its keys carry its `brand`. */
    create: (body: CreateProject, options?: RequestOptions): ApiPromise<Project> =>
      toApiPromise(api({ method: 'POST', route: '/v1/projects', body, options })),

    /** A project as it is now. */
    get: (id: string, options?: RequestOptions): ApiPromise<Project> =>
      toApiPromise(api({ method: 'GET', route: ROUTE, id, options })),

    /** Newest first. */
    list: (filter: ListProjects = {}, options?: RequestOptions): List<Project> =>
      new List(api, { method: 'GET', route: '/v1/projects', query: filter, options }),

    /** Changes the fields that are given. It is not repeated after a failure. */
    update: (id: string, body: UpdateProject, options?: RequestOptions): ApiPromise<Project> =>
      toApiPromise(api({ method: 'PATCH', route: ROUTE, id, body, options })),

    /**
     * Refused while one of its keys is usable or it is protected. When the answer is lost, the repetition
     * rejects with `NotFoundError`: it is gone.
     */
    delete: (id: string, options?: RequestOptions): ApiPromise<void> =>
      toApiPromise(api({ method: 'DELETE', route: ROUTE, id, options })),
  }
}
