import type Database from 'better-sqlite3'
import { CHARGE_REQUEST_TTL_MS, type Charged, type ChargeRequest } from '../quota-store.ts'
import type { Operations } from './write-job.ts'

type Idempotency = NonNullable<ChargeRequest['idempotency']>

/** What of the answer to a charge is kept for its repetition. */
export interface KeptAnswer extends Pick<Charged, 'remaining' | 'reservationId'> {
  /** Of the quotas in `remaining`. */
  names: string[]
}

export interface ChargeRequestRow {
  fingerprint: string
  answer: string
}

/** The request that was charged under this idempotency key within the last 60 seconds. */
export function prepareFindChargeRequest(db: Database.Database) {
  const find = db.prepare<[string, string, number], ChargeRequestRow>(`
    SELECT fingerprint, answer FROM charge_requests
    WHERE actor_id = ? AND key = ? AND created_at > ?`)
  return (actorId: string, key: string, now: number) => {
    const row = find.get(actorId, key, now - CHARGE_REQUEST_TTL_MS)
    if (!row) return null
    const { names, ...answer }: KeptAnswer = JSON.parse(row.answer)
    const charged: Charged = { outcome: 'charged', ...answer, isRepeated: true }
    return { fingerprint: row.fingerprint, names, charged }
  }
}

export function prepareChargeRequestWrites(db: Database.Database) {
  // One that is older than 60 seconds may still be there; it counts no more.
  const record = db.prepare('INSERT OR REPLACE INTO charge_requests VALUES (?, ?, ?, ?, ?)')
  const forget = db.prepare(`
    DELETE FROM charge_requests WHERE (actor_id, key) IN (
      SELECT actor_id, key FROM charge_requests WHERE created_at <= ? ORDER BY created_at LIMIT ?)`)
  return {
    find: prepareFindChargeRequest(db),
    record({ actorId, key, fingerprint }: Idempotency, answer: KeptAnswer, now: number): void {
      record.run(actorId, key, fingerprint, JSON.stringify(answer), now)
    },
    forgetChargeRequests: ((now, limit) =>
      forget.run(now - CHARGE_REQUEST_TTL_MS, limit)
        .changes) satisfies Operations['forgetChargeRequests'],
  }
}

export type ChargeRequestWrites = ReturnType<typeof prepareChargeRequestWrites>
