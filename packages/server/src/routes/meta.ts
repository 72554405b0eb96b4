import { MAX_PAGE_SIZE, Meta, MetaQuery } from '@keysmith/contract'
import type { Deps } from '../keys/deps.ts'
import { principalOf } from '../plugins/access.ts'
import { DEFAULT_PROJECT, findProject } from '../projects/find-project.ts'
import { presentTime } from './present.ts'
import { type App, PROBLEMS } from './route.ts'

const FEATURES = [
  'client_minting',
  'rotation_overlap',
  'idempotency',
  'audit_chain',
  'import',
  'rate_limits',
  'quotas',
  'reservations',
  'usage',
  'policies',
]

export function metaRoute(
  app: App,
  deps: Deps,
  { version, maxBodyBytes }: { version: string; maxBodyBytes: number },
): void {
  app.get(
    '/v1/meta',
    {
      config: { access: 'authenticated' },
      schema: {
        operationId: 'meta.get',
        summary: 'Facts about this installation',
        tags: ['service'],
        querystring: MetaQuery,
        response: { 200: Meta, ...PROBLEMS },
      },
    },
    async (request) => {
      const { rules, store, imported } = deps
      const now = deps.now()
      const principal = principalOf(request)
      const { projectId } = principal
      const project = request.query.project
        ? await findProject(deps, principal, request.query.project)
        : null
      const usual = project ?? (await store.findProject(projectId ?? DEFAULT_PROJECT, projectId))
      return {
        version,
        instanceId: store.instanceId,
        time: presentTime(now),
        features: FEATURES,
        limits: {
          maxPageSize: MAX_PAGE_SIZE,
          maxBodyBytes,
          maxLeaseMs: rules.maxLeaseMs,
          keyMaxDays: rules.maxDays,
          keyDefaultDays: rules.defaultDays,
        },
        // The default project may be deleted: then nothing but the setting is left to go by.
        brand: usual?.brand ?? rules.brand,
        precheck: imported.projects.mayHold(project?.id ?? projectId)
          ? ('off' as const)
          : ('on' as const),
        rotationsDue: await store.countRotationsDue(projectId, now),
      }
    },
  )
}
