import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addLimitOptions } from './limit-options.ts'

const parse = (args: string[]) =>
  addLimitOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }))
    .parse(args, { from: 'user' })
    .opts()

test('limits are read by name, with windows and periods', () => {
  const rates = ['--rate-limit', 'requests=600/1m', '--rate-limit', 'tokens_in=10000000/31d']
  const quotas = ['--quota', 'tokens=9007199254740991/none', '--quota=credits=0/week']
  expect(parse([...rates, ...quotas])).toEqual({
    rateLimit: {
      requests: { limit: 600, windowSeconds: 60 },
      tokens_in: { limit: 10_000_000, windowSeconds: 2_678_400 },
    },
    quota: {
      tokens: { limit: Number.MAX_SAFE_INTEGER, period: 'none' },
      credits: { limit: 0, period: 'week' },
    },
  })
  expect(parse(['--rate-limit', 'none', '--quota', 'none'])).toEqual({ rateLimit: {}, quota: {} })
})

const nine = [...'abcdefghi'].flatMap((name) => ['--quota', `${name}=1/day`])

test.each([
  [['--rate-limit', 'requests'], 'as in requests=600/1m'],
  [['--rate-limit', '=5/1m'], 'as in requests=600/1m'],
  [['--rate-limit', 'requests=600'], 'Give name=limit/window'],
  [['--rate-limit', 'requests=0/1m'], 'limit from 1 to 10000000'],
  [['--rate-limit', 'requests=10000001/1m'], 'limit from 1 to 10000000'],
  [['--rate-limit', 'requests=5/0'], 'Give name=limit/window'],
  [['--rate-limit', 'requests=5/32d'], 'A window has 31d at most; what is longer is a --quota'],
  [['--rate-limit', 'requests=5/1y'], 'Give a whole number and s, m, h or d'],
  [['--rate-limit', 'none', '--rate-limit', 'a=1/1m'], 'Give none alone'],
  [['--rate-limit', 'a=1/1m', '--rate-limit', 'none'], 'Give none alone'],
  [['--quota', 'Tokens=5/day'], 'small letters'],
  [['--quota', '__proto__=5/day'], 'small letters'],
  [['--quota', 'tokens=5'], 'none, day, week or month'],
  [['--quota', 'tokens=5/year'], 'none, day, week or month'],
  [['--quota', 'tokens=-5/day'], 'none, day, week or month'],
  [['--quota', 'tokens=1.5/day'], 'none, day, week or month'],
  [['--quota', 'tokens=5/day/day'], 'none, day, week or month'],
  [['--quota', 'tokens=9007199254740992/day'], 'none, day, week or month'],
  [['--quota', 'a=1/day', '--quota', 'a=2/day'], 'Give a once'],
  [nine, 'Give 8 at most'],
  [['--policy', 'developer'], 'An id has 16'],
  [['--policy', '0000000000000001', '--policy', 'none'], 'Give none alone'],
])('%j is refused with the way out', (args, sentence) => {
  expect(() => parse(args)).toThrow(sentence)
})
