import type { EndedReservation } from '../store/quota-store.ts'

type Amounts = Readonly<Record<string, number>>

/** How a reservation ends; `cost` as in `ReservationEnd`. */
export interface Ending {
  state: EndedReservation['state']
  cost: Amounts | null
  endedAt: number
}

/** What is charged of a name that was reserved: what was used, else all of it; nothing on a release. */
export function finalCost(amounts: Amounts, cost: Amounts | null, name: string): number {
  if (cost === null) return 0
  return amountOf(cost, name) ?? amountOf(amounts, name) ?? 0
}

/** A name of the cost that was not reserved; null when there is none. */
export function unreservedName(amounts: Amounts, cost: Amounts | null): string | null {
  return Object.keys(cost ?? {}).find((name) => !Object.hasOwn(amounts, name)) ?? null
}

/** The end that a reservation comes to by itself, once its time is over. */
export function expiry({
  expiresAt,
  onExpiry,
}: {
  expiresAt: number
  onExpiry: 'released' | 'charged'
}): Ending {
  return { state: 'expired', cost: onExpiry === 'charged' ? {} : null, endedAt: expiresAt }
}

/** The answer to everybody who ends it. Amounts of 0 are left out. */
export function concludeReservation(
  { id, keyId, amounts }: { id: string; keyId: string; amounts: Amounts },
  { state, cost, endedAt }: Ending,
  isDropped: (name: string) => boolean,
): EndedReservation {
  const charged = new Map<string, number>()
  const released = new Map<string, number>()
  const dropped = new Map<string, number>()
  let overrun = false
  for (const [name, reserved] of Object.entries(amounts)) {
    const final = finalCost(amounts, cost, name)
    const counted = isDropped(name) ? dropped : charged
    if (final > 0) counted.set(name, final)
    if (final < reserved) released.set(name, reserved - final)
    if (final > reserved && counted === charged) overrun = true
  }
  return {
    id,
    keyId,
    state,
    charged: Object.fromEntries(charged),
    released: Object.fromEntries(released),
    dropped: Object.fromEntries(dropped),
    overrun,
    endedAt,
  }
}

/** A name may be that of a property which every object has, such as `constructor`. */
function amountOf(amounts: Amounts, name: string): number | undefined {
  return Object.hasOwn(amounts, name) ? amounts[name] : undefined
}
