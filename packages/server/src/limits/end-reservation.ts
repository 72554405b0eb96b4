import { ApiError, invalidField } from '../errors.ts'
import type { EndedReservation, QuotaStore, ReservationEnd } from '../store/quota-store.ts'
import type { UsageCounts } from './usage-counts.ts'

export interface ReservationDeps {
  store: Pick<QuotaStore, 'endReservation'>
  usage: UsageCounts
}

/**
 * Settles or releases. How a reservation ended is final: who comes later, also to end it in another
 * way, gets the first answer. The state of the key does not matter: the work was done.
 */
export async function endReservation(
  { store, usage }: ReservationDeps,
  end: ReservationEnd,
): Promise<EndedReservation> {
  const result = await store.endReservation(end)
  switch (result.outcome) {
    case 'absent':
      throw new ApiError('reservation_not_found', {
        detail:
          'No reservation of this id is visible to the calling token. One that has ended is forgotten after 24 hours.',
      })
    case 'not_reserved':
      throw invalidField(
        `cost/${result.name}`,
        'this name was not reserved; settle only names that were, and charge others in the cost of a verification',
      )
    case 'ended': {
      const { isFirst, reservation } = result
      if (isFirst) usage.noteCharged(reservation.keyId, reservation.charged, end.now)
      return reservation
    }
  }
}
