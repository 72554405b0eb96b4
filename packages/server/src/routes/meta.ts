import { MAX_PAGE_SIZE, Meta } from '@keysmith/contract'
import type { Deps } from '../keys/deps.ts'
import { principalOf } from '../plugins/access.ts'
import { presentTime } from './present.ts'
import { type App, PROBLEMS } from './route.ts'

const FEATURES = ['client_minting', 'rotation_overlap', 'idempotency', 'audit_chain']

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
        response: { 200: Meta, ...PROBLEMS },
      },
    },
    async (request) => {
      const { rules, store } = deps
      const now = deps.now()
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
        precheck: 'on' as const,
        rotationsDue: await store.countRotationsDue(principalOf(request).projectId, now),
      }
    },
  )
}
