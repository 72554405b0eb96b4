import type Database from 'better-sqlite3'
import type { QuotaCounter } from '../quota-store.ts'
import { prepareFindChargeRequest } from './charge-request-writes.ts'

export function prepareQuotaReads(db: Database.Database) {
  const byKeys = db.prepare<[string], QuotaCounter>(`
    SELECT key_id AS keyId, source_id AS sourceId, name, period, period_start AS periodStart, used, reserved
    FROM quota_counters WHERE key_id IN (SELECT value FROM json_each(?))`)
  return {
    counters: (keyIds: readonly string[]): QuotaCounter[] =>
      keyIds.length === 0 ? [] : byKeys.all(JSON.stringify(keyIds)),
    chargeRequest: prepareFindChargeRequest(db),
  }
}
