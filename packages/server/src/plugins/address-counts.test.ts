import { expect, test } from 'vitest'
import { AddressCounts, countedAddress } from './address-counts.ts'

const WINDOW = 60_000
const MAX = 3

function counting(options: { maxAddresses?: number } = {}) {
  const clock = { now: 5000 }
  const counts = new AddressCounts(undefined, { clock: () => clock.now, ...options })
  const incr = (address: string) => {
    let found = { current: 0, ttl: 0 }
    counts.incr(
      address,
      (_error, result) => {
        if (result) found = result
      },
      WINDOW,
      MAX,
    )
    return found
  }
  const times = (address: string, count: number) => {
    for (let round = 0; round < count; round += 1) incr(address)
  }
  return { clock, counts, incr, times }
}

test('counts by address, and says when the window ends', () => {
  const { clock, incr } = counting()
  expect(incr('a')).toEqual({ current: 1, ttl: WINDOW })
  clock.now += 1000
  expect(incr('a')).toEqual({ current: 2, ttl: WINDOW - 1000 })
  expect(incr('b')).toEqual({ current: 1, ttl: WINDOW })
})

test('a window ends after its time, also for one that is shut out and asks on', () => {
  const { clock, incr, times } = counting()
  times('a', MAX + 1)
  clock.now += WINDOW - 1
  expect(incr('a')).toEqual({ current: MAX + 2, ttl: 1 })
  clock.now += 1
  expect(incr('a')).toEqual({ current: 1, ttl: WINDOW })
})

test('a million other addresses push out none that is shut out, and take bounded room', () => {
  const { counts, incr, times } = counting()
  times('a', MAX + 1)
  for (let other = 0; other < 1_000_000; other += 1) incr(`other-${other}`)
  expect(counts.size).toBe(20_000 + 1)
  expect(incr('a').current).toBe(MAX + 2)
})

test('only others that are shut out push out one that is, the one that was silent for longest first', () => {
  const { counts, incr, times } = counting({ maxAddresses: 10 })
  for (let address = 0; address < 11; address += 1) times(`a${address}`, MAX + 1)
  expect(counts.size).toBe(10)
  expect(incr('a0').current).toBe(1)
  expect(incr('a1').current).toBe(MAX + 2)
})

test('two shields count apart', () => {
  const { counts, times } = counting()
  times('a', MAX)
  let current = 0
  counts.child().incr(
    'a',
    (_error, result) => {
      current = result?.current ?? 0
    },
    WINDOW,
    MAX,
  )
  expect(current).toBe(1)
})

const of = (ip: string | undefined) =>
  countedAddress({ ip } as unknown as Parameters<typeof countedAddress>[0])

test('an address is counted by itself, an IPv6 one by its /64, a mapped one as what it is', () => {
  expect(of('203.0.113.1')).toBe('203.0.113.1')
  expect(of('2001:DB8:1:2:ffff::9')).toBe(of('2001:db8:1:2::'))
  expect(of('2001:db8:1:3::')).not.toBe(of('2001:db8:1:2::'))
  expect(of('::ffff:203.0.113.1')).toBe('203.0.113.1')
})

test('what is no address is still counted, and takes no more room than one', () => {
  expect(of(undefined)).toBe('')
  expect(of('x'.repeat(8000))).toHaveLength(45)
  for (const odd of ['', '[', '%00', 'fe80::1%eth0', '1:2:3:4:5:6:7:8:9', '::ffff:999.1.1.1']) {
    expect(of(odd).length).toBeLessThanOrEqual(45)
  }
})
