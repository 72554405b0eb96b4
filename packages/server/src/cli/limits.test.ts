import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { collectQuotas, collectRateLimits, formatQuotas, formatRateLimits } from './limits.ts'

describe('a rate limit', () => {
  test('is a name, a limit and a window; several add up', () => {
    const first = collectRateLimits('requests=600/1m')
    expect(first).toEqual({ requests: { limit: 600, windowSeconds: 60 } })
    expect(collectRateLimits('tokens=1/2d', first)).toEqual({
      ...first,
      tokens: { limit: 1, windowSeconds: 172_800 },
    })
    expect(collectRateLimits('none')).toEqual({})
  })

  test.each([
    ...['', 'requests', 'requests=', 'requests=600', 'requests=600/', '=600/1m', 'requests=-1/1m'],
    ...['requests=1.5/1m', 'requests=1e3/1m', 'requests=600/m', 'requests=600/0', 'a=1/1m/1m'],
  ])('%j is refused', (text) => {
    expect(() => collectRateLimits(text)).toThrow(InvalidArgumentError)
  })

  test('is shown as it is given, in the largest unit', () => {
    const texts = ['a=1/45s', 'b=2/30m', 'c=3/12h', 'd=4/31d']
    const [first = '', ...rest] = texts
    const limits = rest.reduce(
      (before, text) => collectRateLimits(text, before),
      collectRateLimits(first),
    )
    expect(formatRateLimits(limits)).toBe(texts.join(' '))
    expect(formatRateLimits({})).toBeNull()
  })
})

describe('a quota', () => {
  test('is a name, a limit and a period; several add up', () => {
    const first = collectQuotas('tokens=1000000/month')
    expect(first).toEqual({ tokens: { limit: 1_000_000, period: 'month' } })
    const both = collectQuotas('credits=5/none', first)
    expect(both).toEqual({ ...first, credits: { limit: 5, period: 'none' } })
    expect(formatQuotas(both)).toBe('tokens=1000000/month credits=5/none')
    expect(collectQuotas('none')).toEqual({})
    expect(formatQuotas({})).toBeNull()
  })

  test.each(['', 'tokens', 'tokens=5', 'tokens=5/year', 'tokens=5/1m', 'tokens=x/day', '5/day'])(
    '%j is refused',
    (text) => {
      expect(() => collectQuotas(text)).toThrow(InvalidArgumentError)
    },
  )
})

test('none stands alone', () => {
  expect(() => collectQuotas('none', collectQuotas('a=1/day'))).toThrow(/Give none alone/)
  expect(() => collectQuotas('a=1/day', collectQuotas('none'))).toThrow(/Give none alone/)
})
