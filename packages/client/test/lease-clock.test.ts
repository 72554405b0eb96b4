import { beforeEach, describe, expect, type Mock, test, vi } from 'vitest'
import { leases } from '../src/leases.ts'
import type { Verdict, Verify } from '../src/verdict.ts'
import { createVerifier } from '../src/verifier.ts'
import { answerWith } from './_between.ts'

// A service with a lease of the test's choice, and clocks that the test moves.

const SECRET = 'a secret'
const FACTS = {
  id: 'k1',
  name: 'k',
  owner: null,
  project: 'p1',
  environment: 'live',
  permissions: ['jobs:write'],
  allowedModels: null,
  metadata: { team: 'x' },
  expiresAt: null,
}

let monotonic: number
let wall: number
let digests: Mock<typeof crypto.subtle.digest>

/** For a machine that is busy. */
const PATIENCE = { timeout: 10_000 }

/** So many calls have got past their SHA-256: they are sent, or have joined another. */
const started = (count: number) =>
  vi.waitFor(
    () => expect(digests.mock.settledResults.filter(isFulfilled)).toHaveLength(count),
    PATIENCE,
  )
const isFulfilled = ({ type }: { type: string }) => type === 'fulfilled'

beforeEach(() => {
  monotonic = 5000
  wall = Date.UTC(2026, 0, 1)
  vi.spyOn(performance, 'now').mockImplementation(() => monotonic)
  vi.spyOn(Date, 'now').mockImplementation(() => wall)
  digests = vi.spyOn(crypto.subtle, 'digest')
  return () => vi.restoreAllMocks()
})

/** Time as everybody has it: both clocks go on together. */
function pass(ms: number): void {
  monotonic += ms
  wall += ms
}

async function serviceWith(answer: (count: number) => object, onRequest: () => void = () => {}) {
  const service = await answerWith((_request, response) => {
    onRequest()
    response.end(JSON.stringify(answer(service.seen.length)))
  })
  const verifierWith = (maxEntries?: number) =>
    createVerifier({
      baseUrl: service.url,
      token: 't',
      precheck: 'off',
      lease: leases(maxEntries === undefined ? undefined : { maxEntries }),
    })
  return { ...service, verifierWith, verify: verifierWith().verify }
}

const valid = (leaseMs: unknown, key: object = FACTS) => ({
  valid: true,
  code: 'valid',
  key,
  leaseMs,
})

describe('a lease ends at its millisecond', () => {
  test.each([1, 2, 300, 999, 1000])('%i ms', async (leaseMs) => {
    const { verify, seen } = await serviceWith(() => valid(leaseMs))
    await verify(SECRET)
    pass(leaseMs - 0.01)
    expect(await verify(SECRET)).toMatchObject({ valid: true, leaseMs: 0 })
    expect(seen).toHaveLength(1)
    pass(0.01)
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })

  test.each([
    ['0', 0],
    ['negative', -1],
    ['left out', undefined],
    ['null', null],
    ['a text', 'soon'],
    ['a list', [500, 500]],
  ])('%s: nothing is remembered', async (_what, leaseMs) => {
    const { verify, seen } = await serviceWith(() => valid(leaseMs))
    for (let count = 1; count <= 3; count += 1) {
      expect((await verify(SECRET)).valid).toBe(true)
      expect(seen).toHaveLength(count)
    }
  })

  test('longer than a second: a second', async () => {
    const { verify, seen } = await serviceWith(() => valid(3_600_000))
    await verify(SECRET)
    pass(999)
    expect(await verify(SECRET)).toMatchObject({ leaseMs: 1 })
    pass(1)
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })

  test('it is counted from the sending of the request, not from its answer', async () => {
    const { verify, seen } = await serviceWith(
      () => valid(500),
      () => pass(400),
    )
    await verify(SECRET)
    pass(99)
    await verify(SECRET)
    expect(seen).toHaveLength(1)
    pass(1)
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })

  test('an answer that came after the end of its lease is not remembered', async () => {
    const { verify, seen } = await serviceWith(
      () => valid(500),
      () => pass(500),
    )
    await verify(SECRET)
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })

  test('it does not begin anew when it is used', async () => {
    const { verify, seen } = await serviceWith(() => valid(1000))
    for (let count = 0; count < 10; count += 1) {
      await verify(SECRET)
      pass(100)
    }
    expect(seen).toHaveLength(1)
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })
})

describe('a clock that jumps never makes a lease longer', () => {
  const jumps: [string, () => void][] = [
    [
      'the wall clock is set back',
      () => {
        wall -= 86_400_000
        monotonic += 1000
      },
    ],
    [
      'the wall clock is set forward',
      () => {
        wall += 1000
      },
    ],
    [
      'the machine slept: the monotonic clock stood still',
      () => {
        wall += 60_000
      },
    ],
    [
      'the machine slept, and then its clock was set back a little',
      () => {
        wall += 1000
        monotonic += 1
      },
    ],
  ]
  test.each(jumps)('%s', async (_what, jump) => {
    const { verify, seen } = await serviceWith(() => valid(1000))
    await verify(SECRET)
    expect(seen).toHaveLength(1)
    jump()
    await verify(SECRET)
    expect(seen).toHaveLength(2)
  })
})

describe('an expiry inside the lease', () => {
  test('is honoured to the millisecond, also by who joined a call that was sent before it', async () => {
    const expiresAt = wall + 300
    const answerAt = Promise.withResolvers<void>()
    const service = await answerWith(async (_request, response) => {
      // Decided at the arrival, as the service does. The first answer is a long time on its way.
      const left = expiresAt - wall
      const isFirst = service.seen.length === 1
      const expired = { valid: false, code: 'expired' }
      const text = JSON.stringify(left > 0 ? valid(Math.min(left, 1000)) : expired)
      if (isFirst) await answerAt.promise
      response.end(text)
    })
    const { verify } = createVerifier({ baseUrl: service.url, precheck: 'off', lease: leases() })
    const first = verify(SECRET)
    await vi.waitFor(() => expect(service.seen).toHaveLength(1), PATIENCE)
    pass(299)
    const before = verify(SECRET)
    await started(2)
    pass(1)
    const after = verify(SECRET)
    await started(3)
    answerAt.resolve()
    expect((await first).code).toBe('valid')
    expect((await before).code).toBe('valid')
    expect((await after).code).toBe('expired')
    expect(service.seen).toHaveLength(2)
  })
})

describe('what is remembered', () => {
  test.each([
    ['no permissions', { permissions: undefined }],
    ['permissions of another shape', { permissions: 'jobs:write' }],
    ['no models', { allowedModels: undefined }],
    ['models of another shape', { allowedModels: '*' }],
  ])('facts with %s are not: each request is asked', async (_what, change) => {
    const { verify, seen } = await serviceWith(() => valid(1000, { ...FACTS, ...change }))
    for (let count = 1; count <= 2; count += 1) {
      expect((await verify(SECRET, { permissions: ['jobs:write'], model: 'm' })).valid).toBe(true)
      expect(seen).toHaveLength(count)
    }
  })

  test.each(['unknown', 'revoked', 'missing_permission', 'of_a_newer_service'])(
    'a refusal is not, and ends the lease: %s',
    async (code) => {
      const { verify, seen } = await serviceWith((count) =>
        count === 2 ? { valid: false, code, key: FACTS } : valid(1000),
      )
      await verify(SECRET)
      expect(await verify(SECRET, { permissions: ['other'] })).toMatchObject({ valid: false, code })
      expect((await verify(SECRET)).valid).toBe(true)
      expect(seen).toHaveLength(3)
    },
  )

  test('a failure is not: the next call is asked, and nothing old is given', async () => {
    const service = await answerWith((_request, response) => {
      const count = service.seen.length
      response.writeHead(count === 2 ? 401 : 200).end(JSON.stringify(count === 2 ? {} : valid(100)))
    })
    const { verify } = createVerifier({ baseUrl: service.url, precheck: 'off', lease: leases() })
    await verify(SECRET)
    pass(100)
    await expect(verify(SECRET)).rejects.toMatchObject({ status: 401 })
    expect((await verify(SECRET)).valid).toBe(true)
    expect(service.seen).toHaveLength(3)
  })

  test('a secret is another secret when one letter differs', async () => {
    const { verify, seen } = await serviceWith((count) =>
      count === 1 ? valid(1000) : { valid: false, code: 'unknown' },
    )
    await verify(SECRET)
    expect((await verify(`${SECRET} `)).valid).toBe(false)
    expect((await verify(SECRET.toUpperCase())).valid).toBe(false)
    expect(seen).toHaveLength(3)
  })

  test('it is bounded, and the oldest goes first', async () => {
    const { verifierWith, seen } = await serviceWith(() => valid(1000))
    const { verify } = verifierWith(3)
    const asked = async (secret: string) => {
      const before = seen.length
      await verify(secret)
      return seen.length > before
    }
    for (const secret of ['a', 'b', 'c', 'd']) expect(await asked(secret)).toBe(true)
    for (const secret of ['b', 'c', 'd']) expect(await asked(secret)).toBe(false)
    expect(await asked('a')).toBe(true)
    expect(await asked('b')).toBe(true)
    expect(await asked('d')).toBe(false)
  })

  test.each([0, -1, Number.NaN])('%d is room for none', async (maxEntries) => {
    const { verifierWith, seen } = await serviceWith(() => valid(1000))
    const { verify } = verifierWith(maxEntries)
    for (let count = 1; count <= 3; count += 1) {
      expect(await verify(SECRET)).toMatchObject({ valid: true })
      expect(seen).toHaveLength(count)
    }
  })

  test('10,000 keys by default, however many come', async () => {
    const held = new Set<unknown>()
    const set = vi.spyOn(Map.prototype, 'set').mockImplementation(function (
      this: Map<unknown, unknown>,
      key,
      value,
    ) {
      held.add(this)
      return Reflect.apply(originalSet, this, [key, value])
    })
    const ask: Verify = async () => valid(1000) as Verdict
    const verify = leases()(ask)
    for (let count = 0; count < 12_000; count += 1) await verify(`secret ${count}`, {}, {})
    set.mockRestore()
    const sizes = [...held].map((map) => (map as Map<unknown, unknown>).size)
    expect(Math.max(...sizes)).toBe(10_000)
  })
  const originalSet = Map.prototype.set

  test('facts and verdicts are frozen: no caller changes what another is decided by', async () => {
    const { verify, seen } = await serviceWith((count) =>
      count === 1 ? valid(1000) : { valid: false, code: 'missing_permission', key: FACTS },
    )
    const [one, two] = await Promise.all([verify(SECRET), verify(SECRET)])
    if (!one.valid || !two.valid) throw new Error('not valid')
    const three = await verify(SECRET)
    if (!three.valid) throw new Error('not valid')
    for (const { key } of [one, two, three]) {
      expect(() => key.permissions.push('admin')).toThrow(TypeError)
      expect(() => Object.assign(key, { permissions: ['admin'] })).toThrow(TypeError)
      expect(() => Object.assign(key.metadata, { team: 'y' })).toThrow(TypeError)
    }
    expect(() => Object.assign(one, { valid: false })).toThrow(TypeError)
    expect(two.valid).toBe(true)
    expect(seen).toHaveLength(1)
    const refused = await Promise.all([
      verify(SECRET, { permissions: ['admin'] }),
      verify(SECRET, { permissions: ['admin'] }),
    ])
    expect(() => refused[0].key?.permissions.push('admin')).toThrow(TypeError)
    expect(() => Object.assign(refused[0], { valid: true })).toThrow(TypeError)
  })
})

describe('requests under way', () => {
  async function slowService() {
    const go = Promise.withResolvers<void>()
    const service = await answerWith(async (_request, response) => {
      await go.promise
      response.end(JSON.stringify(valid(1000)))
    })
    const options = { baseUrl: service.url, precheck: 'off' as const, lease: leases() }
    return { ...service, ...createVerifier(options), answer: go.resolve }
  }

  test('the same question at the same time is one call', async () => {
    const { verify, seen, answer } = await slowService()
    const calls = Array.from({ length: 100 }, () => verify(SECRET, { permissions: ['jobs:write'] }))
    await started(calls.length)
    answer()
    for (const verdict of await Promise.all(calls)) expect(verdict.valid).toBe(true)
    expect(seen).toHaveLength(1)
  })

  test('another question, another secret, and what only the service can count are calls of their own', async () => {
    const { verify, seen, answer } = await slowService()
    const counted = { cost: 3 } as object
    const calls = [
      verify(SECRET),
      verify(SECRET, { permissions: ['jobs:write'] }),
      verify('another secret'),
      verify(SECRET, counted),
      verify(SECRET, counted),
    ]
    await vi.waitFor(() => expect(seen).toHaveLength(calls.length), PATIENCE)
    answer()
    await Promise.all(calls)
    await verify(SECRET, counted)
    expect(seen).toHaveLength(calls.length + 1)
  })

  test('a caller who aborts does not end the call of the others', async () => {
    const { verify, seen, answer } = await slowService()
    const controller = new AbortController()
    const others = [verify(SECRET), verify(SECRET)]
    const aborted = verify(SECRET, {}, { signal: controller.signal })
    const rest = verify(SECRET)
    const outcome = aborted.catch((error) => error)
    await started(4)
    await vi.waitFor(() => expect(seen).toHaveLength(2), PATIENCE)
    controller.abort('gone')
    expect(await outcome).toBe('gone')
    answer()
    for (const verdict of await Promise.all([...others, rest])) expect(verdict.valid).toBe(true)
    expect(seen).toHaveLength(2)
  })

  test('a call that hangs holds nobody up who comes a second later', async () => {
    const { verify, seen, answer } = await slowService()
    const first = verify(SECRET)
    await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE)
    pass(1000)
    const second = verify(SECRET)
    await vi.waitFor(() => expect(seen).toHaveLength(2), PATIENCE)
    answer()
    await Promise.all([first, second])
  })

  test('a failure is that of all who share the call, and the next is asked anew', async () => {
    const service = await answerWith(async (_request, response) => {
      const isFirst = service.seen.length === 1
      await started(isFirst ? 2 : 3)
      response.writeHead(isFirst ? 403 : 200).end(JSON.stringify(valid(1)))
    })
    const { verify } = createVerifier({ baseUrl: service.url, precheck: 'off', lease: leases() })
    const outcomes = await Promise.allSettled([verify(SECRET), verify(SECRET)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await verify(SECRET)).valid).toBe(true)
    expect(service.seen).toHaveLength(2)
  })
})
