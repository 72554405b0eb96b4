import type { MAX_USAGE_NAMES } from '@keysmith/contract'
import type Database from 'better-sqlite3'
import type { UsageRow } from '../usage-store.ts'
import type { Operations } from './write-job.ts'

/** Held equal by its type: the value would bring every schema of the API into the writer thread. */
const MAX_NAMES: typeof MAX_USAGE_NAMES = 64
const DAY_MS = 86_400_000
const MAX_AMOUNT = Number.MAX_SAFE_INTEGER

type UsageOperations = Pick<Operations, 'addUsage' | 'rollUpUsage'>

export function prepareUsageWrites(db: Database.Database): UsageOperations {
  return { addUsage: prepareAdd(db), rollUpUsage: prepareRollUp(db) }
}

function prepareAdd(db: Database.Database): UsageOperations['addUsage'] {
  const addVerdicts = db.prepare(`
    INSERT INTO usage (key_id, resolution, start, kind, name, amount)
    VALUES (?, 'hour', ?, 'verdict', ?, ?)
    ON CONFLICT DO UPDATE SET amount = min(amount + excluded.amount, ${MAX_AMOUNT})`)
  const addCharged = db.prepare(`
    UPDATE usage SET amount = min(amount + @amount, ${MAX_AMOUNT})
    WHERE key_id = @keyId AND resolution = 'hour' AND start = @hour AND kind = 'charged' AND name = @name`)
  const addFirstCharged = db.prepare(`
    INSERT INTO usage (key_id, resolution, start, kind, name, amount)
    SELECT @keyId, 'hour', @hour, 'charged', @name, @amount WHERE ${MAX_NAMES} > (
      SELECT count(*) FROM usage
      WHERE key_id = @keyId AND resolution = 'hour' AND start = @hour AND kind = 'charged')`)
  return (counts) => {
    for (const { kind, keyId, hour, name, amount } of counts) {
      if (kind === 'verdict') addVerdicts.run(keyId, hour, name, amount)
      else if (addCharged.run({ keyId, hour, name, amount }).changes === 0) {
        addFirstCharged.run({ keyId, hour, name, amount })
      }
    }
  }
}

function prepareRollUp(db: Database.Database): UsageOperations['rollUpUsage'] {
  const takeHours = db.prepare<[number, number], UsageRow & { keyId: string }>(`
    DELETE FROM usage WHERE (key_id, resolution, start, kind, name) IN (
      SELECT key_id, resolution, start, kind, name FROM usage
      WHERE resolution = 'hour' AND start < ? ORDER BY start LIMIT ?)
    RETURNING key_id AS keyId, start, kind, name, amount`)
  const addToDay = db.prepare(`
    INSERT INTO usage (key_id, resolution, start, kind, name, amount)
    VALUES (@keyId, 'day', @start, @kind, @name, @amount)
    ON CONFLICT (key_id, resolution, start, kind, name)
    DO UPDATE SET amount = min(amount + excluded.amount, ${MAX_AMOUNT})`)
  return (before, limit) => {
    const hours = takeHours.all(before, limit)
    for (const hour of hours) addToDay.run({ ...hour, start: hour.start - (hour.start % DAY_MS) })
    return hours.length
  }
}
