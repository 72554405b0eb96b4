import type Database from 'better-sqlite3'
import type { EndedReservation } from '../quota-store.ts'
import { prepareChargeRequestWrites } from './charge-request-writes.ts'
import { prepareChargeWrites } from './charge-writes.ts'
import { prepareCounterWrites } from './counter-writes.ts'
import { prepareReservationWrites } from './reservation-writes.ts'
import type { Finish, InSavepoint, Operations } from './write-job.ts'

export function prepareQuotaWrites(
  db: Database.Database,
  finish: Finish,
  inSavepoint: InSavepoint,
) {
  const counters = prepareCounterWrites(db)
  const reservations = prepareReservationWrites(db, counters)
  const requests = prepareChargeRequestWrites(db)
  /** Ended by a charge that needed what they held; reported with the next ones that expire. */
  let endedByCharges: EndedReservation[] = []
  const onExpired = (ended: EndedReservation[]) => void endedByCharges.push(...ended)
  const charging = { counters, reservations, requests, inSavepoint, onExpired }
  const touch = db.prepare(`
    UPDATE keys SET updated_at = @updatedAt, revision = revision + 1
    WHERE id = @keyId AND project_id = @projectId AND (revoked_at IS NULL OR revoked_at > @updatedAt)`)
  return {
    charge: prepareChargeWrites(db, charging),
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
