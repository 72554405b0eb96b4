import type Database from 'better-sqlite3'
import type { CounterId, QuotaCharge, QuotaStore } from '../quota-store.ts'

/** A count after a charge, with what a reservation must find unchanged to move it later. */
export interface Taken {
  used: number
  reserved: number
  generation: number
  resets: number
}

/** What a reservation holds of one counter. */
export interface Hold {
  sourceId: string
  name: string
  amount: number
  generation: number
  resets: number
}

/** The count starts again: its period is over. `quotaState` is the same rule for readers. */
const IS_OVER = 'period = excluded.period AND period_start < excluded.period_start'
/** The clock may have stepped back; a start that was seen stays seen. */
const LATEST_START = `CASE WHEN period = excluded.period THEN max(period_start, excluded.period_start)
      ELSE excluded.period_start END`

/** The statements that write `quota_counters`. */
export function prepareCounterWrites(db: Database.Database) {
  const take = db.prepare<unknown[], Taken>(`
    INSERT INTO quota_counters AS counter
      (key_id, source_id, name, period, period_start, used, reserved, generation, resets)
    VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
    ON CONFLICT DO UPDATE SET
      used = excluded.used + CASE WHEN ${IS_OVER} THEN 0 ELSE used END,
      reserved = excluded.reserved + CASE WHEN ${IS_OVER} THEN 0 ELSE reserved END,
      resets = resets + (${IS_OVER}),
      period_start = ${LATEST_START},
      period = excluded.period
    WHERE excluded.used + excluded.reserved + CASE WHEN ${IS_OVER} THEN 0 ELSE used + reserved END <= ?
    RETURNING used, reserved, generation, resets`)
  const set = db.prepare(`
    INSERT INTO quota_counters AS counter
      (key_id, source_id, name, period, period_start, used, reserved, generation, resets)
    VALUES (?, ?, ?, ?, ?, ?, 0, 1, 0)
    ON CONFLICT DO UPDATE SET used = excluded.used, reserved = 0, generation = generation + 1,
      period_start = ${LATEST_START}, period = excluded.period`)
  const move = db.prepare(`
    UPDATE quota_counters SET used = min(used + ?, ${Number.MAX_SAFE_INTEGER}), reserved = reserved - ?
    WHERE key_id = ? AND source_id = ? AND name = ? AND generation = ? AND resets = ?`)
  const generation = db
    .prepare<[string, string, string], number>(
      'SELECT generation FROM quota_counters WHERE key_id = ? AND source_id = ? AND name = ?',
    )
    .pluck()
  return {
    /** Takes it, or gives null when there is not that much left. */
    take(keyId: string, charge: QuotaCharge): Taken | null {
      const { sourceId, name, period, periodStart, cost, reserve, limit } = charge
      // A first charge has no row whose condition could refuse it.
      if (cost + reserve > limit) return null
      return take.get(keyId, sourceId, name, period, periodStart, cost, reserve, limit) ?? null
    },
    /** Charges what a reservation holds; false when the count was set anew since. */
    settle(keyId: string, hold: Hold, charged: number): boolean {
      const { sourceId, name, amount, resets } = hold
      const counter = [keyId, sourceId, name] as const
      if (move.run(charged, amount, ...counter, hold.generation, resets).changes === 1) return true
      return generation.get(...counter) === hold.generation
    },
    set({
      keyId,
      sourceId,
      name,
      period,
      periodStart,
      used,
    }: CounterId &
      Pick<Parameters<QuotaStore['setQuotaUsed']>[0], 'period' | 'periodStart' | 'used'>) {
      set.run(keyId, sourceId, name, period, periodStart, used)
    },
  }
}

export type CounterWrites = ReturnType<typeof prepareCounterWrites>
