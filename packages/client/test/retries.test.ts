import { describe, expect, test, vi } from 'vitest'
import {
  ApiError,
  type Client,
  type ClientOptions,
  ConflictError,
  ConnectionError,
  createClient,
  RateLimitError,
  ServerError,
} from '../src/index.ts'
import { acceptWith, always, answerWith } from './_between.ts'
import { recordWaits } from './_waits.ts'

const SECRET = 'no matter'

function clientOf(baseUrl: string, more: Partial<ClientOptions> = {}): Client {
  const verify = { timeoutMs: 9500, precheck: 'off' as const }
  return createClient({ baseUrl, token: 't', verify, ...more })
}

const METHODS: Record<string, (client: Client) => PromiseLike<unknown>> = {
  GET: (client) => client.keys.get('a'),
  POST: (client) => client.keys.create({ name: 'a' }),
  'POST without a body': (client) => client.keys.disable('a'),
  DELETE: (client) => client.tokens.revoke('a'),
  PATCH: (client) => client.keys.update('a', { name: 'b' }),
  'PATCH with a key': (client) =>
    client.keys.update('a', { name: 'b' }, { idempotencyKey: 'chosen' }),
  verify: (client) => client.verify(SECRET),
}

const failed = (call: PromiseLike<unknown>) => expect(Promise.resolve(call)).rejects

describe('which status is asked again, by method', () => {
  const PASSING = [408, 425, 429, 500, 502, 503, 504]
  const LASTING = [301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 412, 413, 415]
  const MORE_LASTING = [418, 422, 431, 451, 501, 505, 507, 511]
  const EXTRA_ATTEMPTS: Record<string, number> = {
    GET: 2,
    POST: 2,
    'POST without a body': 2,
    DELETE: 2,
    PATCH: 0,
    // The service knows idempotency keys of POST alone.
    'PATCH with a key': 0,
    verify: 1,
  }
  const table = Object.entries(EXTRA_ATTEMPTS).flatMap(([method, extra]) => [
    ...PASSING.map((status) => [status, method, 1 + extra] as const),
    ...[...LASTING, ...MORE_LASTING].map((status) => [status, method, 1] as const),
  ])

  test.each(table)('%i to %s: attempts in all %i', async (status, method, attempts) => {
    recordWaits(0)
    const { url, seen } = await answerWith(always(status, status === 304 ? '' : '{}'))
    const call = METHODS[method]?.(clientOf(url)) ?? Promise.resolve()
    await failed(call).toBeInstanceOf(status < 400 ? ConnectionError : ApiError)
    expect(seen).toHaveLength(attempts)
    expect(seen.map(({ headers }) => headers['x-keysmith-attempt'])).toEqual(
      seen.map((_, index) => `${index + 1}`),
    )
    expect(new Set(seen.map(({ method, path, body }) => `${method} ${path} ${body}`)).size).toBe(1)
  })

  test.each(Object.entries(EXTRA_ATTEMPTS))(
    'a lost connection to %s: attempts after it %i',
    async (method, extra) => {
      recordWaits(0)
      let attempts = 0
      const { url } = await acceptWith((socket) => {
        socket.on('data', () => {
          attempts += 1
          socket.destroy()
        })
      })
      const call = METHODS[method]?.(clientOf(url)) ?? Promise.resolve()
      await failed(call).toMatchObject({ code: 'connection_failed' })
      expect(attempts).toBe(1 + extra)
    },
  )
})

describe('one call is one request, however often it is sent', () => {
  test('every POST of the API has an idempotency key, the same in all attempts, new in each call', async () => {
    recordWaits(0)
    const { url, seen } = await answerWith(always(503, ''))
    const client = clientOf(url)
    const calls = [
      () => client.keys.create({ name: 'a' }),
      () => client.keys.create({ name: 'a' }),
      () => client.keys.rotate('a'),
      () => client.keys.disable('a'),
      () => client.keys.enable('a'),
      () => client.keys.revoke('a'),
      () => client.keys.setOverlap('a', 1),
      () => client.keys.endOverlap('a'),
      () => client.keys.setQuotaUsed('a', { name: 'tokens', used: 1 }),
      () => client.projects.create({ name: 'a' }),
      () => client.policies.create({ name: 'a' }),
      () => client.tokens.create({ name: 'a', permissions: [] }),
    ]
    for (const call of calls) await failed(call()).toBeInstanceOf(ServerError)
    const keys = seen.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(3 * calls.length)
    for (const key of keys) expect(key).toMatch(/^\d+(-\d+){3}$/)
    expect(new Set(keys).size).toBe(calls.length)
    for (let index = 0; index < keys.length; index += 3) {
      expect(new Set(keys.slice(index, index + 3)).size).toBe(1)
    }
  })

  test('a key of the caller is kept, and other methods have none', async () => {
    recordWaits(0)
    const { url, seen } = await answerWith(always(503, ''))
    const client = clientOf(url)
    await failed(client.keys.create({ name: 'a' }, { idempotencyKey: 'mine' })).toBeInstanceOf(
      ServerError,
    )
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine', 'mine'])
    seen.length = 0
    for (const method of ['GET', 'DELETE', 'PATCH', 'verify']) {
      await failed(METHODS[method]?.(client) ?? Promise.resolve()).toBeInstanceOf(ServerError)
    }
    for (const { headers } of seen) expect(headers['idempotency-key']).toBeUndefined()
  })

  test('an empty key of the caller is none: one is made, the same in all attempts', async () => {
    recordWaits(0)
    const { url, seen } = await answerWith(always(503, ''))
    const call = clientOf(url).keys.create({ name: 'a' }, { idempotencyKey: '' })
    await failed(call).toBeInstanceOf(ServerError)
    const keys = seen.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual(Array(3).fill(expect.stringMatching(/^\d+(-\d+){3}$/)))
    expect(new Set(keys).size).toBe(1)
  })

  test('the token function is asked before each attempt', async () => {
    recordWaits(0)
    const { url, seen } = await answerWith(always(503, ''))
    let count = 0
    const token = async () => `token-${++count}`
    await failed(clientOf(url, { token }).whoami()).toBeInstanceOf(ServerError)
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-3',
    ])
  })

  test('the answer of a later attempt is the answer of the call', async () => {
    recordWaits(0)
    const { url } = await answerWith(({ headers }, response) => {
      const isLast = headers['x-keysmith-attempt'] === '3'
      response.writeHead(isLast ? 200 : 503, { 'x-request-id': 'r3' })
      response.end(isLast ? '{"id":"a"}' : '')
    })
    const answer = await clientOf(url).keys.get('a').withResponse()
    expect(answer).toMatchObject({ data: { id: 'a' }, requestId: 'r3' })
  })

  test('a body that is cut is asked again, an answer of another service is not', async () => {
    recordWaits(0)
    const cut = await answerWith((_request, response) => {
      response.writeHead(200, { 'content-length': '99' }).write('{"id":')
      response.destroy()
    })
    await failed(clientOf(cut.url).keys.get('a')).toMatchObject({ code: 'connection_failed' })
    expect(cut.seen).toHaveLength(3)
    for (const body of ['', '<html>', 'null', '[]', '7', '"text"', '{"id":']) {
      const other = await answerWith(always(200, body))
      await failed(clientOf(other.url).keys.get('a')).toMatchObject({ code: 'unrecognized_answer' })
      expect(other.seen).toHaveLength(1)
    }
  })

  test.each([0, 1, 5])(
    'maxRetries: %i counts for all calls, and that of a call wins',
    async (count) => {
      recordWaits(0)
      const { url, seen } = await answerWith(always(503, ''))
      const client = clientOf(url, { maxRetries: count })
      await failed(client.whoami()).toBeInstanceOf(ServerError)
      expect(seen).toHaveLength(1 + count)
      await failed(client.whoami({ maxRetries: 2 })).toBeInstanceOf(ServerError)
      expect(seen).toHaveLength(1 + count + 3)
    },
  )
})

describe('a redirect is an error and is not followed', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    const elsewhere = await answerWith(always(200, { valid: true }))
    const { url, seen } = await answerWith(always(status, '', { location: elsewhere.url }))
    for (const method of ['GET', 'POST', 'verify']) {
      await failed(METHODS[method]?.(clientOf(url)) ?? Promise.resolve()).toMatchObject({
        name: 'ConnectionError',
        code: 'redirected',
      })
    }
    expect(seen).toHaveLength(3)
    expect(elsewhere.seen).toEqual([])
  })

  test('as a browser shows it: status 0 and no body', async () => {
    const opaque = { status: 0, ok: false, type: 'opaqueredirect', headers: new Headers() }
    const response = { ...opaque, text: async () => '' } as Response
    const client = clientOf('http://localhost', { fetch: async () => response })
    await failed(client.whoami()).toMatchObject({ code: 'redirected' })
  })
})

describe('how long the client waits', () => {
  test.each([
    [0, [0, 0, 0, 0, 0, 0]],
    [0.5, [100, 200, 400, 800, 1600, 2000]],
    [1, [200, 400, 800, 1600, 3200, 4000]],
  ])('full jitter: with %f of the range', async (random, expected) => {
    const waits = recordWaits(random)
    const { url } = await answerWith(always(503, ''))
    await failed(clientOf(url).whoami({ maxRetries: 6 })).toBeInstanceOf(ServerError)
    expect(waits).toEqual(expected)
  })

  test.each([
    ['0', 0],
    ['1', 1000],
    ['30', 30_000],
  ])('Retry-After: %s is obeyed', async (value, ms) => {
    const waits = recordWaits()
    const { url, seen } = await answerWith(always(429, '', { 'retry-after': value }))
    await failed(clientOf(url).keys.create({ name: 'a' })).toMatchObject({ retryAfterMs: ms })
    expect(waits).toEqual([ms, ms])
    expect(seen).toHaveLength(3)
  })

  test('Retry-After as a date is obeyed', async () => {
    const waits = recordWaits()
    const now = Date.UTC(2026, 0, 1)
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now)
    try {
      const date = new Date(now + 7000).toUTCString()
      const { url } = await answerWith(always(503, '', { 'retry-after': date }))
      await failed(clientOf(url).whoami()).toBeInstanceOf(ServerError)
      expect(waits).toEqual([7000, 7000])
    } finally {
      clock.mockRestore()
    }
  })

  test.each(['31', '86400', '99999999999999999999', new Date(Date.now() + 90_000).toUTCString()])(
    'Retry-After: %s is above 30 s and thrown at once',
    async (value) => {
      const waits = recordWaits()
      const { url, seen } = await answerWith(always(429, '', { 'retry-after': value }))
      await failed(clientOf(url).whoami()).toBeInstanceOf(RateLimitError)
      expect(waits).toEqual([])
      expect(seen).toHaveLength(1)
    },
  )

  test.each(['soon', '-1', '1.5', '', new Date(0).toUTCString()])(
    'Retry-After: "%s" says nothing: the usual wait',
    async (value) => {
      const waits = recordWaits(1)
      const { url } = await answerWith(always(429, '', { 'retry-after': value }))
      await failed(clientOf(url).whoami()).toMatchObject({ retryAfterMs: null })
      expect(waits).toEqual([200, 400])
    },
  )

  test('a verification does not wait out what is above its own limit', async () => {
    const waits = recordWaits()
    const answer = always(503, '', { 'retry-after': '10' })
    const long = await answerWith(answer)
    await failed(clientOf(long.url).verify(SECRET)).toBeInstanceOf(ServerError)
    expect(waits).toEqual([])
    expect(long.seen).toHaveLength(1)
    const short = await answerWith(always(503, '', { 'retry-after': '9' }))
    await failed(clientOf(short.url).verify(SECRET)).toBeInstanceOf(ServerError)
    expect(waits).toEqual([9000])
    expect(short.seen).toHaveLength(2)
  })

  test('nor what is above 30 s, however long its own limit is', async () => {
    const waits = recordWaits()
    const { url, seen } = await answerWith(always(503, '', { 'retry-after': '31' }))
    const call = clientOf(url).verify(SECRET, {}, { timeoutMs: Number.POSITIVE_INFINITY })
    await failed(call).toBeInstanceOf(ServerError)
    expect(waits).toEqual([])
    expect(seen).toHaveLength(1)
  })

  test('the limit of a verification is no limit of the usual wait', async () => {
    const waits = recordWaits(1)
    const { url, seen } = await answerWith(always(503, ''))
    const call = clientOf(url).verify(SECRET, {}, { timeoutMs: 3000, maxRetries: 5 })
    await failed(call).toBeInstanceOf(ServerError)
    expect(waits).toEqual([200, 400, 800, 1600, 3200])
    expect(seen).toHaveLength(6)
  })

  test('a Retry-After of a conflict is no reason to repeat it', async () => {
    const waits = recordWaits()
    const { url, seen } = await answerWith(always(409, '', { 'retry-after': '0' }))
    await failed(clientOf(url).keys.create({ name: 'a' })).toBeInstanceOf(ConflictError)
    expect(seen).toHaveLength(1)
    expect(waits).toEqual([])
  })
})
