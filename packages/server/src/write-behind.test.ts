import { generateId } from '@keysmith/key-format'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LastUsed } from './keys/last-used.ts'
import { UsageCounts } from './limits/usage-counts.ts'
import { createLog } from './log.ts'
import { WriteBehind } from './write-behind.ts'

/** A collector that counts its flushes; each ends when the test says so. */
function someCollector() {
  const ends: (() => void)[] = []
  const flush = () => new Promise<void>((resolve) => ends.push(resolve))
  return { flush, ends }
}

function fakeTime() {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

test('all collectors write once a second, and in the same turn', async () => {
  fakeTime()
  const [first, second] = [someCollector(), someCollector()]
  const writeBehind = new WriteBehind([first, second])
  vi.advanceTimersByTime(999)
  expect([first.ends.length, second.ends.length]).toEqual([0, 0])
  vi.advanceTimersByTime(1)
  // No promise was awaited in between.
  expect([first.ends.length, second.ends.length]).toEqual([1, 1])
  for (const end of [...first.ends, ...second.ends]) end()
  await vi.advanceTimersByTimeAsync(1000)
  expect([first.ends.length, second.ends.length]).toEqual([2, 2])
  const closed = writeBehind.close()
  for (const end of [...first.ends, ...second.ends]) end()
  await closed
})

test('a collector that still writes is left alone, and does not hold up another', async () => {
  fakeTime()
  const [slow, quick] = [someCollector(), someCollector()]
  const writeBehind = new WriteBehind([slow, quick])
  for (let second = 1; second <= 3; second += 1) {
    await vi.advanceTimersByTimeAsync(1000)
    expect([slow.ends.length, quick.ends.length]).toEqual([1, second])
    quick.ends.at(-1)?.()
  }
  slow.ends[0]?.()
  await vi.advanceTimersByTimeAsync(1000)
  expect(slow.ends.length).toBe(2)
  const closed = writeBehind.close()
  for (const end of [...slow.ends, ...quick.ends]) end()
  await closed
})

test('closing writes what is left, and nothing comes after it', async () => {
  const calls: string[] = []
  const store = {
    recordUses: async () => void calls.push('uses'),
    addUsage: async () => void calls.push('usage'),
  }
  const log = createLog({ logLevel: 'silent', logFormat: 'json' })
  const lastUsed = new LastUsed(store, () => {})
  const usage = new UsageCounts({ store, log })
  const writeBehind = new WriteBehind([lastUsed, usage])
  const principal = { kind: 'token' as const, id: 'a', name: 'a', permissions: [], projectId: null }
  const token = { kind: 'token' as const, id: 'a', principal: { ...principal, expiresAt: null } }
  lastUsed.note({ ...token, revokedAt: null, secretVersion: 1, readAt: 0, usedAt: 0 }, 1)
  usage.noteVerdict(generateId(), 'valid', 1)
  await writeBehind.close()
  expect(calls.toSorted()).toEqual(['usage', 'uses'])
})
