import type { Http } from './call.ts'
import type { RequestOptions } from './options.ts'
import type { Reservation, SettleReservation } from './types.gen.ts'

/**
 * The methods of `client.reservations`. Of several calls for one reservation the first one counts, and
 * each gets its answer: they are repeated safely. `NotFoundError` when this token sees no such reservation.
 */
export interface Reservations {
  /**
   * Charges what was really used, also where that is more, and gives back the rest. A name that is left out
   * is charged as it was reserved: `{}` charges everything.
   */
  settle(
    id: string,
    cost: SettleReservation['cost'],
    options?: RequestOptions,
  ): Promise<Reservation>
  /** Gives everything back. */
  release(id: string, options?: RequestOptions): Promise<Reservation>
}

export function createReservations(http: Http): Reservations {
  const end = async (id: string, verb: string, cost?: object, options?: RequestOptions) => {
    // Nothing else may get into a URL, a secret least of all.
    if (!/^[a-z0-9]{1,32}$/.test(id)) throw new TypeError('The id is not valid')
    const route = `/v1/reservations/{id}/${verb}`
    const { data } = await http<Reservation>({
      method: 'POST',
      route,
      path: route.replace('{id}', id),
      body: cost && JSON.stringify({ cost }),
      isRepeatable: true,
      options,
    })
    return data
  }
  return {
    settle: (id, cost, options) => end(id, 'settle', cost, options),
    release: (id, options) => end(id, 'release', undefined, options),
  }
}
