import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { withKey } from '../src/adapters/next.ts'
import type { PresentedKey } from '../src/adapters/options.ts'
import { createClient } from '../src/index.ts'
import { ADAPTERS, type ProtectOptions, protect } from './_adapters.ts'
import { answerWith, type Between } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

const ADAPTER_NAMES = Object.keys(ADAPTERS)
/** Those that see the answer. */
const SETTLING = ADAPTER_NAMES.filter((name) => name !== 'web')

const { secret } = generateKey({ brand: 'ks', kind: 'live' })
const token = generateKey({ brand: 'ks', kind: 'root' }).secret
const key = {
  id: 'key-id',
  name: 'billing',
  owner: null,
  project: 'project-id',
  environment: 'live',
  permissions: [],
  allowedModels: null,
  metadata: {},
  expiresAt: null,
}

interface Running {
  service: Between
  handled: unknown[]
  ask: (signal?: AbortSignal) => Promise<Response>
  /** Lines of the logger that the adapter was given. */
  logged: unknown[]
  /** How the reservation was ended, call by call. */
  ended: () => [verb: string | undefined, cost: unknown][]
}

/** A protected app; its service gives a reservation, and answers the end of it with this status. */
async function start(
  adapter: string,
  options: Omit<ProtectOptions, 'client'>,
  endStatus: (call: number) => number = () => 200,
): Promise<Running> {
  let ends = 0
  const logged: unknown[] = []
  const logger = { warn: (...line: unknown[]) => logged.push(line) }
  const service = await answerWith(({ path }, response) => {
    const verdict = { valid: true, code: 'valid', key, leaseMs: 0, remaining: { tokens: 900 } }
    const reserved = options.reserve ? { reservationId: 'abc123' } : {}
    const status = path === '/v1/verify' ? 200 : endStatus(++ends)
    response.writeHead(status).end(JSON.stringify({ ...verdict, ...reserved }))
  })
  const client = createClient({ baseUrl: service.url, token, maxRetries: 0 })
  const app = await protect(adapter, { client, logger, ...options })
  return {
    service,
    handled: app.handled,
    logged,
    ask: (signal) =>
      fetch(app.url, {
        headers: { authorization: `Bearer ${secret}` },
        ...(signal && { signal }),
      }),
    ended: () =>
      service.seen
        .filter(({ path }) => path.startsWith('/v1/reservations/abc123/'))
        .map(({ path, body }) => [path.split('/').at(-1), body && JSON.parse(body).cost]),
  }
}

const reserve = { tokens: 100 }
const bytes = (text: string) => new TextEncoder().encode(text)

describe.each(ADAPTER_NAMES)('%s', (adapter) => {
  test('asks for what the needs say, by values and by functions', async () => {
    const { service, ask } = await start(adapter, {
      cost: () => ({ images: 2 }),
      reserve: () => ({ tokens: 100 }),
      reserveSeconds: 60,
    })
    expect((await ask()).status).toBe(200)
    const { secret: _, ip: __, ...asked } = JSON.parse(service.seen[0]?.body ?? '')
    expect(asked).toEqual({ cost: { images: 2 }, reserve: { tokens: 100 }, reserveSeconds: 60 })
  })

  test.each([undefined, null, Number.NaN, 1.5, '5', { tokens: undefined }, { tokens: '5' }])(
    'a cost or reserve of %j lets nobody through',
    async (wrong) => {
      for (const need of ['cost', 'reserve']) {
        const { service, ask, handled, logged } = await start(adapter, { [need]: () => wrong })
        expect((await ask()).status).toBe(503)
        expect([handled, service.seen]).toEqual([[], []])
        expect(logged).toEqual([[{ reason: 'TypeError' }, 'an API key could not be checked']])
      }
    },
  )

  test('what is left of the quotas reaches the handler', async () => {
    const { ask, handled } = await start(adapter, { cost: 1 })
    await ask()
    if (adapter !== 'web') expect(handled).toMatchObject([{ remaining: { tokens: 900 } }])
  })
})

describe.each(SETTLING)('%s ends what it reserved', (adapter) => {
  const settled = async ({ ended }: Running, expected: [string, unknown][]) => {
    await vi.waitFor(() => expect(ended()).toEqual(expected))
  }

  test('as reserved, when nobody says more', async () => {
    const app = await start(adapter, { reserve })
    expect(await (await app.ask()).text()).toBe('done')
    await settled(app, [['settle', {}]])
    expect(app.logged).toEqual([])
  })

  test.each([400, 404, 500, 503])('with nothing charged, when the answer is %i', async (status) => {
    const app = await start(adapter, {
      reserve,
      settle: () => ({ tokens: 1 }),
      handle: () => ({ status }),
    })
    expect((await app.ask()).status).toBe(status)
    await settled(app, [['release', '']])
  })

  test('with nothing charged, when the handler throws', async () => {
    const app = await start(adapter, {
      reserve,
      handle: () => {
        throw new Error('planned')
      },
    })
    expect((await app.ask()).status).toBe(500)
    await settled(app, [['release', '']])
  })

  test('as the needs say by the answer', async () => {
    const app = await start(adapter, { reserve, settle: () => ({ tokens: 7 }) })
    await app.ask()
    await settled(app, [['settle', { tokens: 7 }]])
  })

  test.each([undefined, 'throws'])('as reserved, when the needs cannot tell: %s', async (how) => {
    const settle = () => {
      if (how) throw new Error(secret)
      return undefined
    }
    const app = await start(adapter, { reserve, settle })
    await app.ask()
    await settled(app, [['settle', {}]])
    expect(app.logged).toEqual(how ? [[{ reason: 'Error' }, NOT_SETTLED]] : [])
  })

  test('once, as the handler says: the first word counts', async () => {
    const handle = async (presented: PresentedKey) => {
      await presented.settle({ tokens: 42 })
      await presented.release()
      await presented.settle({ tokens: 1 })
      await presented.settle(Promise.reject(new Error('too late to be read')))
      return { status: 500 }
    }
    const app = await start(adapter, { reserve, settle: () => ({ tokens: 7 }), handle })
    await app.ask()
    await settled(app, [['settle', { tokens: 42 }]])
    const released = await start(adapter, {
      reserve,
      handle: async (presented) => {
        await presented.release()
        return {}
      },
    })
    await released.ask()
    await settled(released, [['release', '']])
  })

  test('by a promise that tells the cost after the answer', async () => {
    const { promise, resolve } = Promise.withResolvers<{ tokens: number }>()
    const app = await start(adapter, {
      reserve,
      handle: (presented) => {
        presented.settle(promise)
        return {}
      },
    })
    const answer = app.ask().then((response) => response.text())
    // Answers of the Fetch standard end after what they cost is settled.
    if (adapter === 'fastify' || adapter === 'express') await answer
    expect(app.ended()).toEqual([])
    resolve({ tokens: 9 })
    expect(await answer).toBe('done')
    await settled(app, [['settle', { tokens: 9 }]])
  })

  test('as reserved, when that promise fails, or the cost is none', async () => {
    const failing = await start(adapter, {
      reserve,
      handle: (presented) => {
        presented.settle(Promise.reject(new Error(secret)))
        return {}
      },
    })
    await failing.ask()
    await settled(failing, [['settle', {}]])
    const wrong = await start(
      adapter,
      { reserve, settle: () => ({ tokens: Number.NaN }) },
      (call) => (call === 1 ? 400 : 200),
    )
    await wrong.ask()
    await settled(wrong, [
      ['settle', { tokens: null }],
      ['settle', {}],
    ])
  })

  test('at the end of a stream, not before', async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined
    let tokens = 0
    const handle = () => ({
      body: new ReadableStream<Uint8Array>({
        start: (given) => {
          controller = given
        },
      }),
    })
    const app = await start(adapter, { reserve, settle: () => ({ tokens }), handle })
    const answer = app.ask()
    await vi.waitFor(() => expect(controller).toBeDefined())
    controller?.enqueue(bytes('first '))
    const reader = (await answer).body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('first ')
    expect(app.ended()).toEqual([])
    tokens = 3
    controller?.enqueue(bytes('last'))
    controller?.close()
    while (!(await reader?.read())?.done);
    await settled(app, [['settle', { tokens: 3 }]])
  })

  test.each([
    ['as the handler says, who hears of it first', true, 5],
    ['as the needs say', false, 99],
  ])('when its reader goes away in the middle of a stream: %s', async (_how, says, tokens) => {
    const caller = new AbortController()
    const handle = (presented: PresentedKey) => ({
      body: new ReadableStream<Uint8Array>({
        pull: (given) => given.enqueue(bytes('x'.repeat(65_536))),
        cancel: () => (says ? presented.settle({ tokens: 5 }) : undefined),
      }),
    })
    const app = await start(adapter, { reserve, settle: () => ({ tokens: 99 }), handle })
    const answer = await app.ask(caller.signal)
    await answer.body?.getReader().read()
    caller.abort()
    await settled(app, [['settle', { tokens }]])
  })

  test('not for a caller who breaks off before the answer: the handler still says what it used', async () => {
    const caller = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    const handled: PresentedKey[] = []
    const handle = async (given: PresentedKey) => {
      handled.push(given)
      if (handled.length > 1) return {}
      await promise
      await given.settle({ tokens: 8 })
      return {}
    }
    const app = await start(adapter, { reserve, handle })
    const answer = app.ask(caller.signal)
    await vi.waitFor(() => expect(handled).toHaveLength(1))
    caller.abort()
    await expect(answer).rejects.toThrow()
    // By the end of another request the server has heard of it.
    await app.ask()
    await settled(app, [['settle', {}]])
    resolve()
    await settled(app, [
      ['settle', {}],
      ['settle', { tokens: 8 }],
    ])
  })

  test('with a line of the log, when the service does not answer', async () => {
    const app = await start(adapter, { reserve }, () => 503)
    expect(await (await app.ask()).text()).toBe('done')
    await vi.waitFor(() => expect(app.logged).toHaveLength(1))
    expect(app.logged).toEqual([
      [{ reason: 'unrecognized_answer', status: 503, requestId: null }, NOT_SETTLED],
    ])
    expect(app.ended()).toEqual([['settle', {}]])
    expect(JSON.stringify(app.logged)).not.toContain(secret)
  })

  test('in silence, when nothing was reserved; the handler hears of its mistake', async () => {
    const app = await start(adapter, { cost: 1 })
    await app.ask()
    await app.ask()
    expect([app.ended(), app.logged]).toEqual([[], []])
    const mistaken = await start(adapter, {
      cost: 1,
      handle: async (presented) => {
        await presented.settle({ tokens: 5 })
        return {}
      },
    })
    expect((await mistaken.ask()).status).toBe(200)
    expect(mistaken.logged).toEqual([[{ reason: 'TypeError' }, NOT_SETTLED]])
  })

  test('and shows the key in logs as its facts alone', async () => {
    const app = await start(adapter, { reserve })
    await app.ask()
    const { allowedModels: _, ...facts } = key
    const shown = { ...facts, remaining: { tokens: 900 } }
    expect(JSON.parse(JSON.stringify(app.handled))).toEqual([shown])
    expect(structuredClone(app.handled)).toEqual([shown])
  })
})

test('an answer of the Fetch standard ends after its settlement, when some platforms stop all work', async () => {
  const app = await start('next', { reserve })
  const { promise, resolve } = Promise.withResolvers<{ tokens: number }>()
  const client = createClient({ baseUrl: app.service.url, token })
  const get = withKey(
    (_request: Request, context: { key: PresentedKey }) => {
      void context.key.settle(promise)
      return new Response('done')
    },
    { client, reserve },
  )
  const headers = { authorization: `Bearer ${secret}` }
  const answer = await get(new Request('http://localhost/', { headers }), Object())
  const reader = answer.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('done')
  const ended = reader?.read().then(app.ended)
  await client.meta.get()
  resolve({ tokens: 9 })
  expect(await ended).toEqual([['settle', { tokens: 9 }]])
})

describe.each(SETTLING)('%s before a real service', (adapter) => {
  let service: Keysmith
  beforeAll(async () => {
    service = await startKeysmith()
  })
  afterAll(() => service.stop())

  const startWith = async (options: Omit<ProtectOptions, 'client'>) => {
    const { client } = service
    const quotas = {
      credits: { limit: 5, period: 'month' },
      tokens: { limit: 100, period: 'none' },
    } as const
    const rateLimits = { images: { limit: 3, windowSeconds: 3600 } }
    const created = await client.keys.create({ name: 'a', quotas, rateLimits })
    const app = await protect(adapter, { client, ...options })
    const headers = { authorization: `Bearer ${created.secret}` }
    const counts = async () => (await client.keys.get(created.key.id)).quotas
    return { app, counts, ask: () => fetch(app.url, { headers }) }
  }

  test('a cost is charged, and what exceeds it is refused with 429 and a time where one helps', async () => {
    const { app, counts, ask } = await startWith({ cost: 3 })
    expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ code: 'quota_exhausted' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([app.handled.length, (await counts()).credits?.used]).toEqual([1, 3])

    const fast = await startWith({ cost: { images: 3 } })
    expect((await fast.ask()).status).toBe(200)
    const limited = await fast.ask()
    expect(await limited.json()).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(3000)
    const never = await (await startWith({ cost: { images: 4 } })).ask()
    expect([never.status, never.headers.get('retry-after')]).toEqual([429, null])
    const spent = await (await startWith({ reserve: { tokens: 101 } })).ask()
    expect([spent.status, spent.headers.get('retry-after')]).toEqual([429, null])
  })

  test('what was reserved is settled with what was used, or given back', async () => {
    const used = await startWith({ reserve: { tokens: 60 }, settle: () => ({ tokens: 21 }) })
    expect((await used.ask()).status).toBe(200)
    await expect.poll(used.counts).toMatchObject({ tokens: { used: 21, reserved: 0 } })
    const failed = await startWith({ reserve: { tokens: 60 }, handle: () => ({ status: 500 }) })
    expect((await failed.ask()).status).toBe(500)
    await expect.poll(failed.counts).toMatchObject({ tokens: { used: 0, reserved: 0 } })
    const other = await startWith({
      reserve: { tokens: 60 },
      settle: () => ({ images: 1 }),
      logger: { warn: () => {} },
    })
    expect((await other.ask()).status).toBe(200)
    await expect.poll(other.counts).toMatchObject({ tokens: { used: 60, reserved: 0 } })
  })

  test('a question that the service refuses, such as one of a negative cost, lets nobody through', async () => {
    const { app, ask } = await startWith({ cost: { credits: -1 }, logger: { warn: () => {} } })
    expect([(await ask()).status, app.handled]).toEqual([503, []])
  })
})

const NOT_SETTLED = 'a reservation could not be settled'
