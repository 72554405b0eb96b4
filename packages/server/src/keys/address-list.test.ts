import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileAddressList, isAddress, normalizeRange } from './address-list.ts'

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['2001:db8::1', '2001:db8::1/128'],
  ['2001:0DB8:0::1/48', '2001:db8::/48'],
  ['::/0', '::/0'],
])('the range %s is kept as %s', (range, normal) => {
  expect(normalizeRange(range)).toBe(normal)
})

const NO_RANGES = [
  ...['', '/', '/24', '203.0.113.7/', '203.0.113.7/33', '203.0.113.7/-1', '203.0.113.7/a'],
  ...['203.0.113', '203.0.113/24', '203.0.113.256', '0313.0.0.1', '0xcb.0.0.1', '3405803783'],
  ...['203.0.113.7/24/24', '203.0.113.7 ', ' 203.0.113.7', '203.0.113.07', '1.2.3.4.5', 'a.b.c.d'],
  ...['2001:db8::/129', '2001:db8:::1', '2001:db8', '[::1]', '::1:80:', '12345::'],
  ...['*', 'localhost', '203.0.113.*', '203.0.113.0-203.0.113.9', '１.2.3.4'],
]

test.each(NO_RANGES)('%j is no range', (text) => {
  expect(normalizeRange(text)).toBeNull()
})

const NO_ADDRESSES = [
  '',
  '1',
  '1.2.3',
  '01.2.3.4',
  '1.2.3.4/32',
  '0x1.2.3.4',
  '256.1.1.1',
  '1.2.3.4 ',
]

test.each([...NO_ADDRESSES, ':', '::/0', '1::2::3', '[::1]', '::ffff:1.2.3'])(
  '%j is no address, and on no list',
  (text) => {
    expect(isAddress(text)).toBe(false)
    expect(compileAddressList(['0.0.0.0/0', '::/0'])(text)).toBe(false)
  },
)

test('an empty list holds no address', () => {
  const holds = compileAddressList([])
  expect([holds('203.0.113.7'), holds('::1')]).toEqual([false, false])
})

test('a mapped range is the IPv4 range it stands for', () => {
  expect(normalizeRange('::ffff:203.0.113.77/120')).toBe('203.0.113.0/24')
  expect(normalizeRange('::ffff:203.0.113.77')).toBe('203.0.113.77/32')
})

test('a list of one family holds nothing of the other, however wide it is', () => {
  expect(compileAddressList(['::/0'])('203.0.113.7')).toBe(false)
  expect(compileAddressList(['0.0.0.0/0'])('2001:db8::1')).toBe(false)
})

/** A 32-bit number as an address. */
const toIpv4 = (bits: number) => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')

test('an IPv4 range holds exactly the addresses that share its first bits', () => {
  const bits32 = fc.nat({ max: 2 ** 32 - 1 })
  const near = fc.tuple(bits32, fc.nat({ max: 31 })).map(([bits, flip]) => [bits, flip] as const)
  fc.assert(
    fc.property(near, fc.nat({ max: 32 }), ([base, flip], length) => {
      const address = (base ^ (1 << flip)) >>> 0
      const shift = 32 - length
      const isInside = length === 0 || base >>> shift === address >>> shift
      const range = normalizeRange(`${toIpv4(base)}/${length}`) ?? ''
      const holds = compileAddressList([range])
      expect(holds(toIpv4(address))).toBe(isInside)
      expect(holds(toIpv4(base))).toBe(true)
      expect(holds(`::ffff:${toIpv4(address)}`)).toBe(isInside)
    }),
    { numRuns: 1000 },
  )
})

/** Eight groups of 16 bits as an address. */
const toIpv6 = (groups: number[]) => groups.map((group) => group.toString(16)).join(':')

test('an IPv6 range holds exactly the addresses that share its first bits', () => {
  const groups = fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(groups, fc.nat({ max: 127 }), fc.nat({ max: 128 }), (base, flip, length) => {
      // 2000::/3 keeps clear of the mapped addresses, which count as IPv4.
      const own = [(0x2000 | ((base[0] ?? 0) & 0x1fff)) as number, ...base.slice(1)]
      if (flip < 3) return
      const other = own.map((group, index) =>
        index === flip >> 4 ? group ^ (0x8000 >> (flip & 15)) : group,
      )
      const holds = compileAddressList([normalizeRange(`${toIpv6(own)}/${length}`) ?? ''])
      expect(holds(toIpv6(own))).toBe(true)
      expect(holds(toIpv6(other))).toBe(flip >= length)
    }),
    { numRuns: 1000 },
  )
})
