import type Database from 'better-sqlite3'
import type { ChargeOutcome, ChargeRequest, EndedReservation, QuotaCharge } from '../quota-store.ts'
import { packOutcome, unpackCharge } from './charge-message.ts'
import type { ChargeRequestWrites } from './charge-request-writes.ts'
import type { CounterWrites, Hold, Taken } from './counter-writes.ts'
import { prepareIsStale } from './is-stale.ts'
import type { ReservationWrites } from './reservation-writes.ts'
import type { InSavepoint, Operations } from './write-job.ts'

export function prepareChargeWrites(
  db: Database.Database,
  writes: {
    counters: CounterWrites
    reservations: ReservationWrites
    requests: ChargeRequestWrites
    inSavepoint: InSavepoint
    /** Told of the reservations that a charge has ended. */
    onExpired: (ended: EndedReservation[]) => void
  },
): Operations['charge'] {
  const { counters, reservations, requests, inSavepoint, onExpired } = writes
  const isStale = prepareIsStale(db)
  const takeAll = prepareTakeAll(db, counters)

  /** What a key holds beyond its time is free before anything is refused. */
  const takeOrExpire = (keyId: string, charges: readonly QuotaCharge[], now: number) => {
    for (;;) {
      const taken = takeAll(keyId, charges)
      if (typeof taken !== 'number') return taken
      const ended = reservations.expireOfKey(keyId, now)
      if (ended.length === 0) return taken
      onExpired(ended)
    }
  }

  const charge = (request: ChargeRequest): ChargeOutcome => {
    const { decidedBy, charges, reservation, idempotency, now } = request
    if (idempotency) {
      const earlier = requests.find(idempotency.actorId, idempotency.key, now)
      if (earlier && earlier.fingerprint !== idempotency.fingerprint) return { outcome: 'mismatch' }
      if (earlier) return earlier.charged
    }
    if (isStale(decidedBy)) return { outcome: 'stale' }
    const { keyId, projectId } = decidedBy
    const taken = takeOrExpire(keyId, charges, now)
    if (typeof taken === 'number') return { outcome: 'exhausted', index: taken }
    if (reservation) {
      reservations.open(keyId, projectId, reservation, holdsOf(reservation, charges, taken), now)
    }
    const answer = {
      remaining: remainingOf(charges, taken),
      reservationId: reservation?.id ?? null,
    }
    if (idempotency) {
      const names = charges.map(({ name }) => name)
      requests.record(idempotency, { ...answer, names }, now)
    }
    return { outcome: 'charged', ...answer, isRepeated: false }
  }

  /** The usual charge writes one row, and needs no savepoint; null when it is not so simple. */
  const chargeOne = (request: ChargeRequest): ChargeOutcome | null => {
    const { decidedBy, charges, reservation, idempotency } = request
    const [only] = charges
    if (!only || charges.length > 1 || reservation || idempotency) return null
    if (isStale(decidedBy)) return { outcome: 'stale' }
    const taken = counters.take(decidedBy.keyId, only)
    if (!taken) return null
    const remaining = remainingOf(charges, [taken])
    return { outcome: 'charged', remaining, reservationId: null, isRepeated: false }
  }

  return (...packed) => {
    const request = unpackCharge(packed)
    return packOutcome(chargeOne(request) ?? inSavepoint(() => charge(request)))
  }
}

/** Takes every charge, or none and gives the place of the first that has not that much left. */
function prepareTakeAll(db: Database.Database, counters: CounterWrites) {
  const savepoint = db.prepare('SAVEPOINT charges')
  const release = db.prepare('RELEASE charges')
  const rollback = db.prepare('ROLLBACK TO charges')

  const takeInTurn = (keyId: string, charges: readonly QuotaCharge[]): Taken[] | number => {
    const taken: Taken[] = []
    for (const [index, charge] of charges.entries()) {
      const one = counters.take(keyId, charge)
      if (!one) return index
      taken.push(one)
    }
    return taken
  }
  return (keyId: string, charges: readonly QuotaCharge[]): Taken[] | number => {
    if (charges.length < 2) return takeInTurn(keyId, charges)
    savepoint.run()
    const taken = takeInTurn(keyId, charges)
    // A refusal of the first one has taken nothing.
    if (typeof taken === 'number' && taken > 0) rollback.run()
    release.run()
    return taken
  }
}

function remainingOf(charges: readonly QuotaCharge[], taken: readonly Taken[]): number[] {
  return taken.map(({ used, reserved }, index) =>
    Math.max(0, (charges[index]?.limit ?? 0) - used - reserved),
  )
}

/** What each counter holds of the reserved names, also when it is nothing: more may be settled. */
function holdsOf(
  { amounts }: NonNullable<ChargeRequest['reservation']>,
  charges: readonly QuotaCharge[],
  taken: readonly Taken[],
): Hold[] {
  return taken.flatMap(({ generation, resets }, index) => {
    const charge = charges[index]
    if (!charge || !Object.hasOwn(amounts, charge.name)) return []
    const { sourceId, name, reserve } = charge
    return [{ sourceId, name, amount: reserve, generation, resets }]
  })
}
