import type Database from 'better-sqlite3'
import type { UsageQuery, UsageRow } from '../usage-store.ts'

const DAY_MS = 86_400_000
const MAX_AMOUNT = Number.MAX_SAFE_INTEGER

const VISIBLE_KEY = `key_id = (
      SELECT keys.id FROM keys JOIN projects ON projects.id = keys.project_id
      WHERE keys.id = @keyId AND (@scope IS NULL OR keys.project_id = @scope)
        AND projects.deleted_at IS NULL)`

export function prepareUsageReads(db: Database.Database) {
  const hours = db.prepare<unknown[], UsageRow>(`
    SELECT start, kind, name, amount FROM usage
    WHERE ${VISIBLE_KEY} AND resolution = 'hour' AND start >= @from AND start < @to
    ORDER BY start, kind, name`)
  const days = db.prepare<unknown[], UsageRow>(`
    SELECT start - start % ${DAY_MS} AS start, kind, name, min(sum(amount), ${MAX_AMOUNT}) AS amount
    FROM usage
    WHERE ${VISIBLE_KEY} AND resolution IN ('hour', 'day') AND start >= @from AND start < @to
    GROUP BY 1, kind, name ORDER BY 1, kind, name`)
  return {
    usage: ({ resolution, ...query }: UsageQuery): UsageRow[] =>
      (resolution === 'hour' ? hours : days).all(query),
  }
}
