import { Reservation } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { endReservation } from '../../limits/end-reservation.ts'
import { principalOf } from '../../plugins/access.ts'
import { IdParams } from '../params.ts'
import { presentReservation } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function releaseReservationRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/reservations/:id/release',
    {
      config: { access: 'keys:verify' },
      schema: {
        operationId: 'reservations.release',
        summary: 'Give back everything that was reserved',
        tags: ['verify'],
        params: IdParams,
        response: { 200: Reservation, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params
      const { projectId: scope } = principalOf(request)
      const end = { id, scope, cost: null, now: deps.now() }
      return presentReservation(await endReservation(deps, end))
    },
  )
}
