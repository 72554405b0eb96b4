import { expect, onTestFinished, test, vi } from 'vitest'
import { createLog } from '../log.ts'
import { StorageUnavailable } from '../store/key-store.ts'
import { UsageRetention } from './usage-retention.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** 10:20 of some day. */
const NOW = Date.UTC(2027, 0, 15, 10, 20)
const MIDNIGHT_90_DAYS_BEFORE = Date.UTC(2027, 0, 15) - 90 * DAY

/** A retention of a store with so many old rows, and an hour that the test turns. */
function retaining(rows: number) {
  vi.useFakeTimers()
  const clock = { now: NOW, rows, fails: false }
  const steps: { before: number; limit: number }[] = []
  const lines: string[] = []
  const store = {
    rollUpUsage: async (before: number, limit: number) => {
      steps.push({ before, limit })
      if (clock.fails) throw new StorageUnavailable('the disk is full')
      const turned = Math.min(limit, clock.rows)
      clock.rows -= turned
      return turned
    },
  }
  const log = createLog(
    { logLevel: 'trace', logFormat: 'json' },
    { write: (line) => lines.push(line) },
  )
  const retention = new UsageRetention({ store, log, now: () => clock.now })
  onTestFinished(async () => {
    vi.useRealTimers()
    await retention.close()
  })
  return { retention, clock, steps, logged: () => lines.map((line) => JSON.parse(line)) }
}

test('the start takes what began more than 90 days before today, in steps of 500 rows', async () => {
  const { retention, clock, steps } = retaining(2300)
  await retention.run()
  expect(steps).toEqual(Array(5).fill({ before: MIDNIGHT_90_DAYS_BEFORE, limit: 500 }))
  expect(clock.rows).toBe(0)
})

test('every hour it looks again, by the time of that hour', async () => {
  const { retention, clock, steps } = retaining(0)
  await retention.run()
  clock.now += DAY
  await vi.advanceTimersByTimeAsync(HOUR - 1)
  expect(steps).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(steps.map(({ before }) => before)).toEqual([
    MIDNIGHT_90_DAYS_BEFORE,
    MIDNIGHT_90_DAYS_BEFORE + DAY,
  ])
  await vi.advanceTimersByTimeAsync(2 * HOUR)
  expect(steps).toHaveLength(4)
})

test('a failing store is logged once and tried again an hour later', async () => {
  const { retention, clock, steps, logged } = retaining(5)
  await retention.run()
  clock.fails = true
  clock.rows = 5000
  await vi.advanceTimersByTimeAsync(HOUR)
  expect(logged()).toMatchObject([{ level: 'warn', msg: 'old usage was not rolled up' }])
  expect(steps).toHaveLength(2)
  clock.fails = false
  await vi.advanceTimersByTimeAsync(HOUR)
  expect(clock.rows).toBe(0)
  expect(logged()).toHaveLength(1)
})

test('closing ends it after the step that runs', async () => {
  const { retention, clock, steps } = retaining(1_000_000)
  await retention.close()
  expect(steps.length).toBeLessThanOrEqual(2)
  expect(clock.rows).toBeGreaterThan(0)
  const left = clock.rows
  await vi.advanceTimersByTimeAsync(3 * HOUR)
  expect(clock.rows).toBe(left)
})

test('two runs at once are one', async () => {
  const { retention, steps } = retaining(10)
  await Promise.all([retention.run(), retention.run()])
  expect(steps).toHaveLength(1)
})
