import { expect, test } from 'vitest'
import type { EffectiveRateLimit } from './effective-limits.ts'
import { keyRates } from './limiter.ts'
import { MemoryLimiter } from './memory-limiter.ts'

const source = { kind: 'key' as const, id: 'key1' }
const limitOf = (name: string, limit: number, windowSeconds: number): EffectiveRateLimit => ({
  name,
  source,
  limit,
  windowSeconds,
})

function limiterAt(start = 0, maxCounters?: number) {
  const clock = { at: start, now: () => clock.at }
  const limiter = new MemoryLimiter({
    clock,
    ...(maxCounters === undefined ? {} : { maxCounters }),
  })
  return { clock, limiter }
}

test('all limits of a request are taken, or none', () => {
  const { limiter } = limiterAt()
  const rates = keyRates('key1', [limitOf('requests', 10, 60), limitOf('tokens', 100, 60)])
  const takes = rates.map((rate, index) => ({ rate, amount: index === 0 ? 1 : 60 }))
  expect(limiter.take(takes)).toBeNull()
  expect(limiter.take(takes)).toMatchObject({ rate: { name: 'tokens' } })
  expect(limiter.peek(rates).map(({ remaining }) => remaining)).toEqual([9, 40])
})

test('the limit that waits longest is named, one that never passes before all', () => {
  const { limiter } = limiterAt()
  const rates = keyRates('key1', [limitOf('a', 1, 10), limitOf('b', 1, 60), limitOf('c', 1, 1)])
  const [a, b, c] = rates.map((rate) => ({ rate, amount: 1 }))
  expect(limiter.take([a!, b!, c!])).toBeNull()
  expect(limiter.take([a!, b!, c!])).toMatchObject({ rate: { name: 'b' }, retryAfterMs: 60_000 })
  const tooMuch = { rate: c!.rate, amount: 2 }
  expect(limiter.take([a!, b!, tooMuch])).toMatchObject({ rate: { name: 'c' }, retryAfterMs: null })
})

test('what is given back may be taken again, and never more than the limit', () => {
  const { limiter, clock } = limiterAt()
  const [rate] = keyRates('key1', [limitOf('tokens', 100, 60)])
  const take = { rate: rate!, amount: 100 }
  expect(limiter.take([take])).toBeNull()
  limiter.giveBack([take])
  limiter.giveBack([take])
  expect(limiter.peek([rate!])).toMatchObject([{ remaining: 100, resetMs: 0 }])
  expect(limiter.take([take])).toBeNull()
  expect(limiter.take([{ rate: rate!, amount: 1 }])).not.toBeNull()
  clock.at = 600
  expect(limiter.take([{ rate: rate!, amount: 1 }])).toBeNull()
})

test('what time has paid back is not given back once more', () => {
  const { limiter, clock } = limiterAt()
  const [rate] = keyRates('key1', [limitOf('tokens', 10, 1)])
  const refused = { rate: rate!, amount: 1 }
  expect(limiter.take([refused])).toBeNull()
  clock.at += 150
  expect(limiter.take([{ rate: rate!, amount: 10 }])).toBeNull()
  limiter.giveBack([refused])
  expect(limiter.take([{ rate: rate!, amount: 1 }])).toMatchObject({ retryAfterMs: 100 })
})

test('of a limit that is never at rest all is given back', () => {
  const { limiter, clock } = limiterAt()
  const [rate] = keyRates('key1', [limitOf('tokens', 10, 1)])
  const refused = { rate: rate!, amount: 2 }
  expect(limiter.take([{ rate: rate!, amount: 8 }])).toBeNull()
  expect(limiter.take([refused])).toBeNull()
  clock.at += 300
  limiter.giveBack([refused])
  expect(limiter.peek([rate!])).toMatchObject([{ remaining: 5 }])
})

test('the same name counts for each key and each source by itself', () => {
  const { limiter } = limiterAt()
  const own = limitOf('requests', 1, 60)
  const shared = { ...own, source: { kind: 'policy' as const, id: 'policy1' } }
  const rates = [...keyRates('key1', [own, shared]), ...keyRates('key2', [own, shared])]
  expect(new Set(rates.map(({ counter }) => counter)).size).toBe(4)
  for (const rate of rates) expect(limiter.take([{ rate, amount: 1 }])).toBeNull()
  for (const rate of rates) expect(limiter.take([{ rate, amount: 1 }])).not.toBeNull()
})

test('a limit that is changed begins anew, and the same one goes on', () => {
  const { limiter } = limiterAt()
  const rateOf = (limit: number, seconds = 60) =>
    keyRates('key1', [limitOf('requests', limit, seconds)])[0]!
  expect(limiter.take([{ rate: rateOf(10), amount: 10 }])).toBeNull()
  expect(limiter.peek([rateOf(2), rateOf(20), rateOf(10, 30)])).toMatchObject([
    { remaining: 2 },
    { remaining: 20 },
    { remaining: 10 },
  ])
  expect(limiter.peek([rateOf(10)])).toMatchObject([{ remaining: 0 }])
})

test('memory is bounded: of more counters than fit the least used goes, those in use stay', () => {
  const { limiter } = limiterAt(0, 100)
  const rateOf = (key: number) => keyRates(`key${key}`, [limitOf('requests', 1, 60)])[0]!
  const busy = rateOf(-1)
  expect(limiter.take([{ rate: busy, amount: 1 }])).toBeNull()
  for (let key = 0; key < 1000; key += 1) {
    expect(limiter.take([{ rate: rateOf(key), amount: 1 }])).toBeNull()
    expect(limiter.take([{ rate: busy, amount: 1 }])).not.toBeNull()
  }
  expect(limiter.take([{ rate: rateOf(999), amount: 1 }])).not.toBeNull()
  expect(limiter.take([{ rate: rateOf(0), amount: 1 }])).toBeNull()
})
