import { MAX_USAGE_NAMES, VERDICT_CODES, type VerdictCode } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import { expect, test } from 'vitest'
import { createLog } from '../log.ts'
import { StorageUnavailable } from '../store/key-store.ts'
import type { UsageCount } from '../store/usage-store.ts'
import { UsageCounts } from './usage-counts.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2027, 0, 15, 10)

/** Counts, and all that reached the store: in `writes` as it came, in `rows` in one list. */
function counting(options: { maxRows?: number; fail?: () => boolean } = {}) {
  const { fail = () => false, ...rest } = options
  const lines: string[] = []
  const log = createLog(
    { logLevel: 'trace', logFormat: 'json' },
    { write: (line) => lines.push(line) },
  )
  const writes: UsageCount[][] = []
  const store = {
    addUsage: async (counts: readonly UsageCount[]) => {
      if (fail()) throw new StorageUnavailable('the disk is full')
      writes.push(structuredClone([...counts]))
    },
  }
  const usage = new UsageCounts({ store, log, ...rest })
  return {
    usage,
    writes,
    rows: () => writes.flat(),
    logged: () => lines.map((line) => JSON.parse(line)),
  }
}

test('what a second counted is written once: one row per key, hour, kind and name', async () => {
  const { usage, writes } = counting()
  const [a, b] = ['1000g40r40m30e20', '1000g40r40m30e21'] as const
  for (const at of [NOW, NOW + 1, NOW + HOUR - 1]) usage.noteVerdict(a, 'valid', at)
  usage.noteVerdict(a, 'expired', NOW)
  usage.noteVerdict(b, 'valid', NOW)
  usage.noteCharged(a, { tokens: 5, credits: 1, images: 0 }, NOW)
  usage.noteCharged(a, { tokens: 7, constructor: 2 }, NOW)
  await usage.flush()
  const hour = NOW
  expect(writes).toEqual([
    [
      { keyId: a, hour, kind: 'verdict', name: 'valid', amount: 3 },
      { keyId: a, hour, kind: 'verdict', name: 'expired', amount: 1 },
      { keyId: a, hour, kind: 'charged', name: 'tokens', amount: 12 },
      { keyId: a, hour, kind: 'charged', name: 'credits', amount: 1 },
      { keyId: a, hour, kind: 'charged', name: 'constructor', amount: 2 },
      { keyId: b, hour, kind: 'verdict', name: 'valid', amount: 1 },
    ],
  ])
  await usage.flush()
  expect(writes).toHaveLength(1)
})

test('an hour begins with its first millisecond and ends before the next one', async () => {
  const { usage, rows } = counting()
  const key = generateId()
  for (const at of [NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR]) usage.noteVerdict(key, 'valid', at)
  // One that was decided before the edge and is noted after it.
  usage.noteVerdict(key, 'valid', NOW - 1)
  await usage.flush()
  expect(rows().map(({ hour, amount }) => [hour, amount])).toEqual([
    [NOW - HOUR, 2],
    [NOW, 2],
    [NOW + HOUR, 1],
  ])
})

test('a sum stops at 2^53 - 1', async () => {
  const { usage, rows } = counting()
  const key = generateId()
  usage.noteCharged(key, { tokens: Number.MAX_SAFE_INTEGER }, NOW)
  usage.noteCharged(key, { tokens: Number.MAX_SAFE_INTEGER }, NOW)
  await usage.flush()
  expect(rows()).toMatchObject([{ amount: Number.MAX_SAFE_INTEGER }])
})

test('a storm over 50,000 keys stays within its bound, and is logged once', async () => {
  const { usage, writes, rows, logged } = counting()
  const codes = Object.keys(VERDICT_CODES) as VerdictCode[]
  const names = Array.from({ length: 8 }, (_, index) => `name${index}`)
  const amounts = Object.fromEntries(names.map((name) => [name, 1]))
  const keys = Array.from({ length: 50_000 }, () => generateId())
  let noted = 0
  for (const key of keys) {
    for (const code of codes) usage.noteVerdict(key, code, NOW)
    usage.noteCharged(key, amounts, NOW)
    noted += codes.length + names.length
  }
  // What was there before the bound was reached goes on counting.
  usage.noteVerdict(keys[0] as string, 'valid', NOW)
  await usage.flush()
  expect(rows()).toHaveLength(100_000)
  const twice = rows().filter(({ amount }) => amount === 2)
  expect(twice).toMatchObject([{ keyId: keys[0], kind: 'verdict', name: 'valid' }])
  expect(Math.max(...writes.map((write) => write.length))).toBe(500)
  expect(logged()).toMatchObject([{ level: 'warn', dropped: noted - 100_000 }])
  usage.noteVerdict(generateId(), 'valid', NOW)
  await usage.flush()
  expect(rows()).toHaveLength(100_001)
  expect(logged()).toHaveLength(1)
})

test('a full memory takes no other key, hour or name, in whatever order they come', async () => {
  const { usage, rows, logged } = counting({ maxRows: 2 })
  const [a, b] = ['1000g40r40m30e20', '1000g40r40m30e21'] as const
  usage.noteVerdict(a, 'valid', NOW)
  usage.noteCharged(a, { tokens: 1 }, NOW)
  usage.noteVerdict(a, 'expired', NOW)
  usage.noteVerdict(a, 'valid', NOW + HOUR)
  usage.noteVerdict(b, 'valid', NOW)
  usage.noteCharged(b, { tokens: 1, credits: 1 }, NOW)
  usage.noteCharged(a, { tokens: 1, credits: 1 }, NOW)
  expect(usage.heldKeys).toBe(1)
  await usage.flush()
  expect(usage.heldKeys).toBe(0)
  expect(rows().map(({ name, amount }) => [name, amount])).toEqual([
    ['valid', 1],
    ['tokens', 2],
  ])
  expect(logged()).toMatchObject([{ dropped: 6 }])
})

test(`names beyond ${MAX_USAGE_NAMES} of a key and hour are not kept, those before go on counting`, async () => {
  const { usage, rows, logged } = counting()
  const key = generateId()
  for (let index = 0; index < 2 * MAX_USAGE_NAMES; index += 1) {
    usage.noteCharged(key, { [`n${index}`]: 1, n0: 1 }, NOW)
  }
  usage.noteCharged(key, { late: 1 }, NOW + HOUR)
  await usage.flush()
  expect(rows()).toHaveLength(MAX_USAGE_NAMES + 1)
  expect(rows()[0]).toMatchObject({ name: 'n0', amount: 2 * MAX_USAGE_NAMES })
  expect(rows().at(-1)).toMatchObject({ name: 'late' })
  expect(logged()).toEqual([])
})

test('a failing store loses that second, is logged once, and the next second is written', async () => {
  let isFull = true
  const { usage, rows, logged } = counting({ fail: () => isFull })
  for (let index = 0; index < 2500; index += 1) usage.noteVerdict(generateId(), 'valid', NOW)
  await expect(usage.flush()).resolves.toBeUndefined()
  expect(logged()).toMatchObject([{ level: 'warn', rows: 2500, msg: 'usage was not written' }])
  isFull = false
  const key = generateId()
  usage.noteVerdict(key, 'valid', NOW)
  await usage.flush()
  expect(rows()).toMatchObject([{ keyId: key, amount: 1 }])
  expect(logged()).toHaveLength(1)
})

test('a store that fails in the middle keeps what it had written, and nothing is written twice', async () => {
  let call = 0
  const { usage, writes, rows, logged } = counting({
    fail: () => {
      call += 1
      return call === 2
    },
  })
  for (let index = 0; index < 2500; index += 1) usage.noteVerdict(generateId(), 'valid', NOW)
  await usage.flush()
  expect(writes).toHaveLength(1)
  expect(logged()).toMatchObject([{ rows: 2000 }])
  await usage.flush()
  expect(rows()).toHaveLength(500)
})

test('a flush ends after the one before it: a close in the middle of a write loses nothing', async () => {
  const parts: (() => void)[] = []
  const written: string[] = []
  const addUsage = async (counts: readonly UsageCount[]) => {
    await new Promise<void>((resolve) => parts.push(resolve))
    written.push(...counts.map(({ keyId }) => keyId))
  }
  const log = createLog({ logLevel: 'silent', logFormat: 'json' })
  const usage = new UsageCounts({ store: { addUsage }, log })
  const keys = Array.from({ length: 1200 }, () => generateId())
  for (const key of keys) usage.noteVerdict(key, 'valid', NOW)
  const first = usage.flush()
  await Promise.resolve()
  const last = generateId()
  usage.noteVerdict(last, 'valid', NOW)
  const second = usage.flush().then(() => written.slice())
  for (let part = 0; part < 4; part += 1) {
    expect(parts).toHaveLength(part + 1)
    parts[part]?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await first
  // Each write in the order of the table.
  expect(await second).toEqual([...keys.toSorted(), last])
})

test('what is counted during a write is written by the next flush, in order', async () => {
  const { usage, rows } = counting()
  const [a, b] = ['1000g40r40m30e20', '1000g40r40m30e21'] as const
  usage.noteVerdict(a, 'valid', NOW)
  const first = usage.flush()
  await Promise.resolve()
  usage.noteVerdict(b, 'valid', NOW)
  await Promise.all([first, usage.flush()])
  expect(rows().map(({ keyId }) => keyId)).toEqual([a, b])
})
