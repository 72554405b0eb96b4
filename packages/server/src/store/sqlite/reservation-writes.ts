import type Database from 'better-sqlite3'
import {
  concludeReservation,
  type Ending,
  expiry,
  finalCost,
  unreservedName,
} from '../../limits/conclude-reservation.ts'
import {
  type ChargeRequest,
  ENDED_RESERVATION_TTL_MS,
  type EndedReservation,
} from '../quota-store.ts'
import type { CounterWrites, Hold } from './counter-writes.ts'
import type { Operations } from './write-job.ts'

/** Overdue reservations of a key that are ended between two tries of a charge. */
const EXPIRED_PER_TRY = 100

type NewReservation = NonNullable<ChargeRequest['reservation']>

/** The column `items`. */
interface Items {
  amounts: Record<string, number>
  holds: Hold[]
}

interface ReservationRow {
  id: string
  keyId: string
  projectId: string
  items: string
  expiresAt: number
  onExpiry: 'released' | 'charged'
  answer: string | null
}

const COLUMNS = `id, key_id AS keyId, project_id AS projectId, items, expires_at AS expiresAt,
      on_expiry AS onExpiry, answer`

export function prepareReservationWrites(db: Database.Database, counters: CounterWrites) {
  const insert = db.prepare(`
    INSERT INTO reservations (id, key_id, project_id, items, created_at, expires_at, on_expiry)
    VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const find = db.prepare<[string, number], ReservationRow>(`
    SELECT ${COLUMNS} FROM reservations
    WHERE id = ? AND (ended_at IS NULL OR ended_at > ?)`)
  const overdue = db.prepare<[number, number], ReservationRow>(`
    SELECT ${COLUMNS} FROM reservations
    WHERE ended_at IS NULL AND expires_at <= ? ORDER BY expires_at, id LIMIT ?`)
  // Asked before each refusal. Without an order, and with a limit that is a number, it is planned once.
  const overdueOfKey = db.prepare<[string, number], ReservationRow>(`
    SELECT ${COLUMNS} FROM reservations
    WHERE ended_at IS NULL AND key_id = ? AND expires_at <= ? LIMIT ${EXPIRED_PER_TRY}`)
  const end = db.prepare('UPDATE reservations SET ended_at = ?, answer = ? WHERE id = ?')
  const forget = db.prepare(`
    DELETE FROM reservations WHERE id IN (
      SELECT id FROM reservations WHERE ended_at <= ? ORDER BY ended_at LIMIT ?)`)

  const conclude = (row: ReservationRow, ending: Ending): EndedReservation => {
    const { id, keyId } = row
    const { amounts, holds }: Items = JSON.parse(row.items)
    const counted = new Map<string, boolean>()
    for (const hold of holds) {
      const { name } = hold
      const isCounted = counters.settle(keyId, hold, finalCost(amounts, ending.cost, name))
      counted.set(name, isCounted || counted.get(name) === true)
    }
    const isDropped = (name: string) => counted.get(name) === false
    const answer = concludeReservation({ id, keyId, amounts }, ending, isDropped)
    end.run(answer.endedAt, JSON.stringify(answer), id)
    return answer
  }

  return {
    open(
      keyId: string,
      projectId: string,
      reservation: NewReservation,
      holds: Hold[],
      now: number,
    ) {
      const { id, amounts, expiresAt, onExpiry } = reservation
      const items: Items = { amounts, holds }
      insert.run(id, keyId, projectId, JSON.stringify(items), now, expiresAt, onExpiry)
    },
    /** Ends some of a key whose time is over; none = all have ended. */
    expireOfKey: (keyId: string, now: number): EndedReservation[] =>
      overdueOfKey.all(keyId, now).map((row) => conclude(row, expiry(row))),
    expire: (now: number, limit: number): EndedReservation[] =>
      overdue.all(now, limit).map((row) => conclude(row, expiry(row))),
    forgetReservations: ((now, limit) =>
      forget.run(now - ENDED_RESERVATION_TTL_MS, limit)
        .changes) satisfies Operations['forgetReservations'],
    endReservation: (({ id, scope, cost, now }) => {
      const row = find.get(id, now - ENDED_RESERVATION_TTL_MS)
      if (!row || (scope !== null && scope !== row.projectId)) return { outcome: 'absent' }
      const { amounts }: Items = JSON.parse(row.items)
      const name = unreservedName(amounts, cost)
      if (name !== null) return { outcome: 'not_reserved', name }
      if (row.answer !== null) {
        return { outcome: 'ended', isFirst: false, reservation: JSON.parse(row.answer) }
      }
      const asked: Ending = { state: cost === null ? 'released' : 'settled', cost, endedAt: now }
      const reservation = conclude(row, row.expiresAt <= now ? expiry(row) : asked)
      return { outcome: 'ended', isFirst: true, reservation }
    }) satisfies Operations['endReservation'],
  }
}

export type ReservationWrites = ReturnType<typeof prepareReservationWrites>
