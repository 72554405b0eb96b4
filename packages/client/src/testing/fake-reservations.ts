import { generateId } from '@keysmith/key-format'
import type { Reservation } from '../types.gen.ts'
import type { Count } from './fake-counts.ts'
import type { FakeDeps } from './fake-deps.ts'
import { FakeProblem } from './fake-problem.ts'
import { iso } from './fake-time.ts'

type Amounts = Record<string, number>

/** What a request holds until its cost is known. */
interface Held {
  keyId: string
  amounts: Amounts
  /** By the name of the quota. A name without one is held all the same, and limits nothing. */
  counts: Record<string, Count | undefined>
  expiresAt: number
  ended?: Reservation
}

/** How it ends; a cost of null charges nothing. */
interface Ending {
  state: Reservation['state']
  cost: Amounts | null
  at: number
}

export function createFakeReservations({ now, random, project }: FakeDeps) {
  const reservations = new Map<string, Held>()

  const end = (id: string, held: Held, ending: Ending) => {
    held.ended ??= conclude(id, held, ending)
    return held.ended
  }
  const expire = () => {
    const cost = project.reservationExpiry === 'charged' ? {} : null
    for (const [id, held] of reservations) {
      const at = held.expiresAt
      if (now() >= at) end(id, held, { state: 'expired', cost, at })
    }
  }

  return {
    /** Gives the id. */
    hold: (held: Held) => {
      const id = generateId(random)
      reservations.set(id, held)
      return id
    },
    /** Ends what nobody ended in time. */
    expire,
    /** A cost of null releases it. The first end is final. */
    end: (id: string, cost: Amounts | null) => {
      expire()
      const held = reservations.get(id)
      if (!held) throw new FakeProblem(404, 'reservation_not_found')
      const names = Object.keys(cost ?? {})
      if (!names.every((name) => Object.hasOwn(held.amounts, name))) {
        const detail = 'Settle names that were reserved.'
        throw new FakeProblem(400, 'invalid_request', { detail })
      }
      return end(id, held, { state: cost ? 'settled' : 'released', cost, at: now() })
    },
  }
}

/** What is left out of the cost is charged as it was reserved; amounts of 0 are not told. */
function conclude(id: string, { keyId, amounts, counts }: Held, ending: Ending): Reservation {
  const { state, cost, at } = ending
  const charged: Amounts = {}
  const released: Amounts = {}
  const dropped: Amounts = {}
  let overrun = false
  for (const [name, reserved] of Object.entries(amounts)) {
    const final = cost === null ? 0 : (cost[name] ?? reserved)
    const count = counts[name]
    if (count) {
      count.reserved -= reserved
      count.used += final
    }
    const counted = count?.isDropped ? dropped : charged
    if (final > 0) counted[name] = final
    if (final < reserved) released[name] = reserved - final
    if (final > reserved && counted === charged) overrun = true
  }
  return { id, keyId, state, charged, released, dropped, overrun, endedAt: iso(at) }
}
