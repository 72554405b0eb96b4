import type Database from 'better-sqlite3'
import type {
  ChargeOutcome,
  ChargeRequest,
  DecidedBy,
  EndedReservation,
  QuotaCharge,
} from '../quota-store.ts'
import { prepareChargeRequestWrites } from './charge-request-writes.ts'
import {
  type CounterWrites,
  type Hold,
  prepareCounterWrites,
  type Taken,
} from './counter-writes.ts'
import { prepareReservationWrites } from './reservation-writes.ts'
import type { Finish, Operations } from './write-job.ts'

/** Overdue reservations of a key that are ended between two tries of a charge. */
const EXPIRED_PER_TRY = 100

export function prepareQuotaWrites(db: Database.Database, finish: Finish) {
  const counters = prepareCounterWrites(db)
  const reservations = prepareReservationWrites(db, counters)
  const requests = prepareChargeRequestWrites(db)
  const isStale = prepareIsStale(db)
  const takeAll = prepareTakeAll(db, counters)
  const touch = db.prepare(`
    UPDATE keys SET updated_at = @updatedAt, revision = revision + 1
    WHERE id = @keyId AND project_id = @projectId AND (revoked_at IS NULL OR revoked_at > @updatedAt)`)
  /** Ended by a charge that needed what they held; reported with the next ones that expire. */
  let endedByCharges: EndedReservation[] = []

  const takeOrExpire = (keyId: string, charges: readonly QuotaCharge[], now: number) => {
    for (;;) {
      const taken = takeAll(keyId, charges)
      if (typeof taken !== 'number') return taken
      const ended = reservations.expireOfKey(keyId, now, EXPIRED_PER_TRY)
      if (ended.length === 0) return taken
      endedByCharges.push(...ended)
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
    if (idempotency) requests.record(idempotency, answer, now)
    return { outcome: 'charged', ...answer, isRepeated: false }
  }

  return {
    charge,
    endReservation: reservations.endReservation,
    expireReservations: ((now, limit) => {
      const ended = [...endedByCharges, ...reservations.expire(now, limit)]
      endedByCharges = []
      return ended
    }) satisfies Operations['expireReservations'],
    forgetReservations: reservations.forgetReservations,
    forgetChargeRequests: requests.forgetChargeRequests,
    setQuotaUsed: ((setting, change) => {
      const { keyId, projectId, updatedAt } = setting
      const outcome = finish(touch.run({ keyId, projectId, updatedAt }).changes, change)
      counters.set(setting)
      return outcome
    }) satisfies Operations['setQuotaUsed'],
  }
}

/** Was a record changed since the request was decided? One that is gone is one of no revision. */
function prepareIsStale(db: Database.Database): (decidedBy: DecidedBy) => boolean {
  const key = db.prepare(`
    SELECT 1 FROM keys JOIN projects ON projects.id = keys.project_id
    WHERE keys.id = ? AND keys.revision = ? AND projects.id = ? AND projects.revision = ?
      AND projects.deleted_at IS NULL`)
  const policy = db.prepare('SELECT 1 FROM policies WHERE id = ? AND revision = ?')
  return ({ keyId, keyRevision, projectId, projectRevision, policies }) =>
    !key.get(keyId, keyRevision, projectId, projectRevision) ||
    policies.some(({ id, revision }) => !policy.get(id, revision))
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
    if (typeof taken === 'number') rollback.run()
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
