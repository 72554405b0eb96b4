import { Reservation, SettleReservation } from '@keysmith/contract'
import type { Deps } from '../../keys/deps.ts'
import { endReservation } from '../../limits/end-reservation.ts'
import { principalOf } from '../../plugins/access.ts'
import { IdParams } from '../params.ts'
import { presentReservation } from '../present.ts'
import { type App, PROBLEMS } from '../route.ts'

export function settleReservationRoute(app: App, deps: Deps): void {
  app.post(
    '/v1/reservations/:id/settle',
    {
      config: { access: 'keys:verify' },
      schema: {
        operationId: 'reservations.settle',
        summary: 'Charge what was really used, and give back the rest',
        tags: ['verify'],
        params: IdParams,
        body: SettleReservation,
        response: { 200: Reservation, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params
      const { cost } = request.body
      const { projectId: scope } = principalOf(request)
      return presentReservation(await endReservation(deps, { id, scope, cost, now: deps.now() }))
    },
  )
}
