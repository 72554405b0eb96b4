import { describe, expect, test } from 'vitest'
import { expectNoSecret, useCaller } from './_caller.ts'

const { run, json, createKey } = useCaller()

const LIMITS = [
  ...['--rate-limit', 'requests=600/1m', '--rate-limit', 'tokens=5000/1h'],
  ...['--quota', 'credits=1000/month', '--quota', 'tokens=2000000/none'],
]

/** The lines of facts by name. */
const factsOf = (stdout: string) =>
  Object.fromEntries(stdout.split('\n').map((line) => line.split(/ {2,}/, 2)))

describe('limits of a key', () => {
  test('are set when it is created, and shown with what is used of them', async () => {
    const { id, secret } = await createKey(...LIMITS)
    expect(await json(['key', 'get', id])).toMatchObject({
      rateLimits: {
        requests: { limit: 600, windowSeconds: 60 },
        tokens: { limit: 5000, windowSeconds: 3600 },
      },
      quotas: {
        credits: { limit: 1000, period: 'month', used: 0 },
        tokens: { limit: 2_000_000, period: 'none' },
      },
    })
    const cost = ['--cost', 'credits=380', '--reserve', 'tokens=1500']
    await run(['key', 'verify', ...cost], secret)
    const shown = factsOf((await run(['key', 'get', id])).stdout)
    expect(shown['rate limits']).toBe('600 requests in 1m; 5,000 tokens in 1h')
    expect(shown.quotas).toMatch(
      /^380 of 1,000 credits, resets 20\d\d-\d\d-01T00:00:00\.000Z; 0 of 2,000,000 tokens, 1,500 reserved$/,
    )
    const { stdout } = await run(['key', 'list'])
    expect(stdout).toMatch(
      new RegExp(`^${id} .* {2}380 of 1,000 credits; 0 of 2,000,000 tokens `, 'm'),
    )
  })

  test('are replaced by an update that names them, kept by one that does not, and taken away by none', async () => {
    const { id } = await createKey(...LIMITS)
    const { rateLimits, quotas } = await json(['key', 'update', id, '--quota', 'images=5/day'])
    expect(Object.keys(rateLimits)).toEqual(['requests', 'tokens'])
    expect(quotas).toMatchObject({ images: { limit: 5, period: 'day' } })
    expect(Object.keys(quotas)).toEqual(['images'])
    const none = ['--rate-limit', 'none', '--quota', 'none', '--policy', 'none']
    const bare = await json(['key', 'update', id, ...none])
    expect(bare).toMatchObject({ rateLimits: {}, quotas: {}, policyIds: [] })
    expect((await run(['key', 'get', id])).stdout).not.toMatch(/^(quotas|rate limits|policies)/m)
  })

  test.each([
    [
      ['--rate-limit', 'requests=600'],
      "'--rate-limit <name=limit/window>'.*Give name=limit/window",
    ],
    [['--quota', 'tokens=5/year'], "'--quota <name=limit/period>'.*none, day, week or month"],
    [['--policy', 'developer'], "'--policy <id>'.*An id has 16"],
  ])('wrong usage: %j', async (options, sentence) => {
    const { code, stdout, stderr } = await run(['key', 'create', '--name', 'x', ...options])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(`^keysmith: .*${sentence}.*See keysmith key create --help\\.\n$`),
    )
  })
})

describe('key verify', () => {
  test('charges and reserves, and says what is left', async () => {
    const { id, secret } = await createKey(
      '--quota',
      'tokens=1000/month',
      '--quota',
      'credits=5/day',
    )
    const options = ['--cost', 'credits=2', '--reserve', 'tokens=400', '--reserve-for', '10m']
    const { code, stdout } = await run(['key', 'verify', ...options], secret)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^verdict +valid\nreservation +[0-9a-z]{16}\nremaining +tokens=600 credits=3\n/,
    )
    expectNoSecret(stdout)
    const { quotas } = await json(['key', 'get', id])
    expect(quotas).toMatchObject({ tokens: { used: 0, reserved: 400 }, credits: { used: 2 } })
  })

  test('names the limit that refuses, and exits with 7', async () => {
    const { secret } = await createKey('--rate-limit', 'images=2/1h', '--quota', 'tokens=5/none')
    const verify = (...options: string[]) => run(['key', 'verify', ...options], secret)
    const spent = await verify('--cost', 'tokens=6')
    expect(spent.code).toBe(7)
    expect(spent.stdout).toMatch(/^verdict +quota_exhausted\nlimit +tokens, for ever\n/)
    await verify('--cost', 'images=2')
    const fast = await verify('--cost', 'images=1')
    expect(fast.stdout).toMatch(
      /^verdict +rate_limited\nlimit +images, passes in 1[78]\d\d(\.\d+)? s\n/,
    )
    const never = await verify('--cost', 'images=3')
    expect(never.stdout).toMatch(/^limit +images, never passes$/m)
  })

  test('takes whole amounts only', async () => {
    for (const wrong of ['tokens', 'tokens=-1', 'tokens=1.5', 'tokens=1e3']) {
      const { code, stderr } = await run(['key', 'verify', '--cost', wrong], 'x')
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /^keysmith: option '--cost <name=amount>' .* See keysmith key verify --help\.\n$/,
      )
    }
  })
})

describe('reservation', () => {
  const reserve = async () => {
    const { id, secret } = await createKey('--quota', 'tokens=1000/none')
    const { reservationId } = await json(['key', 'verify', '--reserve', 'tokens=400'], secret)
    return { id, reservationId }
  }

  test('settle charges what was used, once', async () => {
    const { id, reservationId } = await reserve()
    const settle = ['reservation', 'settle', reservationId, '--cost', 'tokens=450']
    const first = await run(settle)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(factsOf(first.stdout)).toEqual({
      '': undefined,
      id: reservationId,
      key: id,
      state: 'settled',
      charged: 'tokens=450, more than was reserved',
      released: 'nothing',
    })
    expect(await run(['reservation', 'release', reservationId])).toEqual(first)
    expect((await json(['key', 'get', id])).quotas.tokens).toMatchObject({ used: 450, reserved: 0 })
  })

  test('settle without a cost charges everything, release nothing', async () => {
    const all = await reserve()
    const settled = await json(['reservation', 'settle', all.reservationId])
    expect(settled).toMatchObject({ state: 'settled', charged: { tokens: 400 } })
    const none = await reserve()
    const released = await json(['reservation', 'release', none.reservationId])
    expect(released).toMatchObject({ state: 'released', released: { tokens: 400 } })
    const absent = await run(['reservation', 'release', '0000000000000001'])
    expect(absent).toMatchObject({ code: 6, stdout: '' })
  })
})

describe('key set-used', () => {
  test('sets what counts as used of a quota', async () => {
    const { id } = await createKey('--quota', 'credits=1000/none')
    expect(await run(['key', 'set-used', id, 'credits', '380'])).toEqual({
      code: 0,
      stdout: `set  ${id}   380 of 1,000 credits\n`,
      stderr: '',
    })
    expect((await json(['key', 'set-used', id, 'credits', '0'])).quotas.credits.used).toBe(0)
    expect(await run(['key', 'set-used', id, 'tokens', '0'])).toMatchObject({ code: 6, stdout: '' })
    for (const wrong of [
      ['credits', '-1'],
      ['credits', '0.5'],
      ['Credits', '1'],
    ]) {
      const { code, stderr } = await run(['key', 'set-used', id, '--', ...wrong])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^keysmith: command-argument value '.*' is invalid .*--help\.\n$/)
    }
  })
})

describe('key usage', () => {
  test('shows what was charged and refused, by the hour or the day', async () => {
    const { id, secret } = await createKey('--quota', 'tokens=1000/none')
    await run(['key', 'verify', '--cost', 'tokens=600', '--cost', 'images=2'], secret)
    await run(['key', 'verify', '--cost', 'tokens=600'], secret)
    const byDay = () => run(['key', 'usage', id, '--by', 'day', '--from', '1d'])
    await expect.poll(byDay, { timeout: 10_000 }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('quota_exhausted=1'),
    })
    const { stdout } = await byDay()
    const [header, row] = stdout.split('\n')
    expect(header).toMatch(/^FROM +IMAGES +TOKENS +VALID +REFUSED$/)
    expect(row).toMatch(/^20\d\d-\d\d-\d\dT00:00:00\.000Z +2 +600 +1 +quota_exhausted=1$/)
    const usage = await json(['key', 'usage', id, '--from', '2h'])
    expect(usage).toMatchObject({ keyId: id, resolution: 'hour' })
    expect(
      (await run(['key', 'usage', id, '--from', '2020-01-01', '--to', '2020-01-02'])).code,
    ).toBe(0)
    const wrong = await run(['key', 'usage', id, '--from', 'yesterday'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/^keysmith: option '--from <time>' .*2027-01-31.*\n$/)
  })
})
