import { inspect } from 'node:util'
import { generateKey } from '@keysmith/key-format'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  ApiError,
  AuthenticationError,
  type Client,
  type ClientOptions,
  ConflictError,
  ConnectionError,
  createClient,
  KeysmithError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
} from '../src/index.ts'
import { acceptWith, always, answerWith, passOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let keysmith: Keysmith
let client: Client

beforeAll(async () => {
  keysmith = await startKeysmith()
  client = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

const secretOf = (kind: string) => generateKey({ brand: 'ks', kind }).secret

/** What a call rejects with. */
async function errorOf(call: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(call).then(
    (data) => {
      throw new Error(`no error but ${inspect(data)}`)
    },
    (error) => error,
  )
}

describe('each class, from the real service', () => {
  test('400: ValidationError names the fields', async () => {
    const error = await errorOf(client.keys.create({ name: 'x', permissions: ['Not Lower'] }))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({
      name: 'ValidationError',
      code: 'invalid_request',
      status: 400,
      fields: [{ path: 'permissions/0' }],
    })
    expectOrigin(error)
  })

  test('401: AuthenticationError', async () => {
    const stranger = createClient({ baseUrl: keysmith.url, token: secretOf('root') })
    const error = await errorOf(stranger.whoami())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'unauthenticated', status: 401 })
    expectOrigin(error)
  })

  test('403: PermissionError', async () => {
    const { secret: token } = await client.tokens.create({ name: 'r', permissions: ['keys:read'] })
    const reader = createClient({ baseUrl: keysmith.url, token })
    const error = await errorOf(reader.keys.create({ name: 'x' }))
    expect(error).toBeInstanceOf(PermissionError)
    expect(error).toMatchObject({ code: 'missing_permission', status: 403 })
    expectOrigin(error)
  })

  test('404: NotFoundError', async () => {
    const error = await errorOf(client.keys.get('0000000000000000'))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'key_not_found', status: 404 })
    expectOrigin(error)
  })

  test('409 and 412: ConflictError', async () => {
    const { key } = await client.keys.create({ name: 'x' })
    const stale = { headers: { 'if-match': '"0"' } }
    const changed = await errorOf(client.keys.update(key.id, { name: 'y' }, stale))
    await client.keys.rotate(key.id, { overlapSeconds: 60 })
    const running = await errorOf(client.keys.rotate(key.id, { overlapSeconds: 60 }))
    for (const error of [changed, running]) {
      expect(error).toBeInstanceOf(ConflictError)
      expectOrigin(error)
    }
    expect(changed).toMatchObject({ code: 'precondition_failed', status: 412 })
    expect(running).toMatchObject({
      code: 'overlap_running',
      status: 409,
      secrets: [{ version: expect.any(Number) }, { version: expect.any(Number) }],
    })
  })

  test('413 and 422: ValidationError', async () => {
    const options = { idempotencyKey: 'mismatch' }
    await client.keys.create({ name: 'a' }, options)
    const mismatch = await errorOf(client.keys.create({ name: 'b' }, options))
    const large = await errorOf(client.keys.create({ name: 'x'.repeat(20_000) }))
    for (const error of [mismatch, large]) {
      expect(error).toBeInstanceOf(ValidationError)
      expectOrigin(error)
    }
    expect(mismatch).toMatchObject({ code: 'idempotency_mismatch', status: 422 })
    expect(large).toMatchObject({ code: 'too_large', status: 413 })
  })

  test('429: RateLimitError says how long to wait', async () => {
    const shielded = await startKeysmith()
    try {
      const options = { baseUrl: shielded.url, token: secretOf('root'), maxRetries: 0 }
      const stranger = createClient(options)
      let error = await errorOf(stranger.whoami())
      while (error instanceof AuthenticationError) error = await errorOf(stranger.whoami())
      expect(error).toBeInstanceOf(RateLimitError)
      expect(error).toMatchObject({ code: 'rate_limited', status: 429 })
      expect((error as RateLimitError).retryAfterMs).toBeGreaterThan(0)
      expectOrigin(error)
    } finally {
      await shielded.stop()
    }
  })

  test('no connection: ConnectionError with the reason of the system', async () => {
    const baseUrl = `http://127.0.0.1:${await getPort()}`
    const error = await errorOf(createClient({ baseUrl, maxRetries: 0 }).whoami())
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'connection_failed', reason: 'ECONNREFUSED' })
  })

  test('no answer in time: TimeoutError', async () => {
    const { url } = await answerWith(() => {})
    const error = await errorOf(
      createClient({ baseUrl: url, timeoutMs: 20, maxRetries: 0 }).whoami(),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'timeout', timeoutMs: 20 })
  })

  /** Every error of an answer leads to the request in the log, and to the explanation of its code. */
  function expectOrigin(error: unknown): void {
    expect(error).toBeInstanceOf(ApiError)
    const { requestId, docUrl, code, title, message, headers } = error as ApiError
    expect(requestId).toMatch(/^\S+$/)
    expect(keysmith.output() + headers.get('x-request-id')).toContain(requestId)
    expect(docUrl).toBe(`${docUrl.split('#')[0]}#${code}`)
    expect(message.startsWith(title)).toBe(true)
  }
})

describe('a status that only a gateway or a sick service gives', () => {
  test.each([
    [400, ValidationError],
    [401, AuthenticationError],
    [402, ApiError],
    [403, PermissionError],
    [404, NotFoundError],
    [405, ApiError],
    [409, ConflictError],
    [412, ConflictError],
    [413, ValidationError],
    [415, ValidationError],
    [418, ApiError],
    [422, ValidationError],
    [429, RateLimitError],
    [431, ApiError],
    [500, ServerError],
    [501, ServerError],
    [502, ServerError],
    [503, ServerError],
    [599, ServerError],
  ])('%i with a page of HTML has its class and no code of ours', async (status, Class) => {
    const { url } = await answerWith(always(status, '<html>Hello</html>'))
    const error = await errorOf(createClient({ baseUrl: url, maxRetries: 0 }).whoami())
    expect(error).toBeInstanceOf(Class)
    expect(Object.getPrototypeOf(error)).toBe(Class.prototype)
    expect(error).toMatchObject({ code: 'unrecognized_answer', status, requestId: null })
    expect(inspect(error)).not.toContain('Hello')
  })

  test('a code of a newer service is kept', async () => {
    const type = 'urn:keysmith:error:moon_phase'
    const problem = { code: 'moon_phase', title: 'The moon is wrong', detail: 'Wait.' }
    const { url } = await answerWith(always(409, { ...problem, type }, { 'x-request-id': 'r1' }))
    const error = await errorOf(createClient({ baseUrl: `${url}/base/` }).whoami())
    expect(error).toMatchObject({
      ...problem,
      requestId: 'r1',
      message: 'The moon is wrong. Wait.',
    })
    expect(error).toHaveProperty('docUrl', `${url}/base/docs#moon_phase`)
  })

  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['a code that is no text', '{"code":7}'],
    ['a code of a gateway', '{"code":"BAD_GATEWAY","title":"Hello"}'],
    ['a problem document of another service', '{"code":"x","type":"urn:other:error:x"}'],
  ])('a 503 with %s is a ServerError', async (_what, body) => {
    const { url } = await answerWith(always(503, body))
    const error = await errorOf(createClient({ baseUrl: url, maxRetries: 0 }).whoami())
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ code: 'unrecognized_answer' })
  })
})

describe('no error and no client shows a token, a secret, or a header of the request', () => {
  const token = secretOf('root')
  const secret = secretOf('live')
  const header = 'header-canary-4711'
  const canaries = [token, secret, header]

  const optionsFor = (baseUrl: string, more: Partial<ClientOptions> = {}): ClientOptions => ({
    baseUrl,
    token,
    headers: { 'x-canary': header },
    maxRetries: 0,
    verify: { timeoutMs: 10_000, maxRetries: 0 },
    ...more,
  })

  /** All that a log could make of an error and of the client that threw it. */
  function expectNoCanary(error: unknown, ...clients: Client[]): void {
    expect(error).toBeInstanceOf(Error)
    const { message, stack, cause } = error as Error
    const shown = [
      JSON.stringify(error),
      JSON.stringify(Object.getOwnPropertyDescriptors(error)),
      inspect(error, { depth: 10, showHidden: true }),
      String(error),
      message,
      stack,
      inspect(cause, { depth: 10, showHidden: true }),
      ...clients.map((each) => inspect(each, { depth: 20, showHidden: true })),
      ...clients.map((each) => JSON.stringify(each)),
    ].join('\n')
    for (const canary of canaries) expect(shown).not.toContain(canary)
  }

  async function expectSilent(
    options: ClientOptions,
    Class: new (...given: never[]) => KeysmithError,
  ): Promise<void> {
    const lines: unknown[] = []
    const logger = {
      debug: (...line: unknown[]) => lines.push(line),
      warn: (...line: unknown[]) => lines.push(line),
    }
    const quiet = createClient({ ...options, logger })
    const calls = [
      () => quiet.verify(secret, { permissions: ['a'] }),
      () => quiet.keys.create({ name: 'x', description: secret }),
      () => quiet.keys.list(),
    ]
    for (const call of calls) {
      const error = await errorOf(call())
      expect(error).toBeInstanceOf(Class)
      expectNoCanary(error, quiet)
    }
    const logged = inspect(lines, { depth: 10, showHidden: true })
    for (const canary of canaries) expect(logged).not.toContain(canary)
  }

  test('the real service refuses the token', async () => {
    await expectSilent(optionsFor(keysmith.url), AuthenticationError)
  })

  test('the real service refuses the body', async () => {
    const insider = createClient(optionsFor(keysmith.url, { token: keysmith.token }))
    const error = await errorOf(
      insider.keys.create({ name: `n ${secret}`, tags: { team: secret } }),
    )
    expect(error).toBeInstanceOf(ValidationError)
    expectNoCanary(error, insider)
  })

  test('there is no service', async () => {
    await expectSilent(optionsFor(`http://127.0.0.1:${await getPort()}`), ConnectionError)
  })

  test('the service hangs', async () => {
    const { url } = await answerWith(() => {})
    await expectSilent(
      optionsFor(url, { timeoutMs: 30, verify: { timeoutMs: 30, maxRetries: 0 } }),
      TimeoutError,
    )
  })

  test.each([
    ['the request, sent back instead of an answer', (request: string) => request],
    ['a header without a colon', () => `HTTP/1.1 200 OK\r\nSecret ${secret} ${token}\r\n\r\n`],
    ['a status that is none', () => `HTTP/1.1 ${secret} ${token}\r\n\r\n`],
    ['a length that is none', () => `HTTP/1.1 200 OK\r\ncontent-length: ${secret}\r\n\r\n`],
    [
      'a chunk that is none',
      () => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${secret}\r\n`,
    ],
    [
      'a body that is cut',
      () => `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"secret":"${secret}`,
    ],
    ['JSON that is cut', () => answerText(`{"secret":"${secret}`)],
    ['a page that quotes', () => answerText(`<html>${secret} ${token} ${header}</html>`)],
    ['a text in JSON', () => answerText(JSON.stringify(`${secret} ${token}`))],
    [
      'a redirect that quotes',
      (request: string) => {
        const [, path] = request.split(' ')
        return `HTTP/1.1 307 No\r\nlocation: http://127.0.0.1:1${path}?s=${secret}\r\ncontent-length: 0\r\n\r\n`
      },
    ],
  ])('%s', async (_what, answer) => {
    const { url } = await acceptWith((socket) => {
      socket.once('data', (data) => socket.end(answer(data.toString())))
    })
    await expectSilent(optionsFor(url), ConnectionError)
  })

  const answerText = (text: string) =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`

  test('a page of an error that quotes the whole request', async () => {
    const { url } = await answerWith(({ headers, body }, response) => {
      response.writeHead(502).end(`${JSON.stringify(headers)} ${body}`)
    })
    await expectSilent(optionsFor(url), ServerError)
  })

  test('a proxy that sends the headers of the request back', async () => {
    const { url } = await answerWith(({ headers }, response) => {
      const echo = { 'x-echo': `${headers.authorization}`, 'x-echo-2': `${headers['x-canary']}` }
      response.writeHead(502, echo).end()
    })
    await expectSilent(optionsFor(url), ServerError)
  })

  test('a problem document that quotes the request', async () => {
    const { url } = await answerWith(({ headers, body }, response) => {
      const quote = `${headers.authorization} ${body}`
      const fields = [{ path: quote, message: quote }]
      response
        .writeHead(400)
        .end(JSON.stringify({ code: 'x', title: quote, detail: quote, fields }))
    })
    await expectSilent(optionsFor(url, { headers: {} }), ValidationError)
  })

  test.each([
    ['a line break', `${token}\n${token}`],
    ['a letter beyond Latin-1', `${token}\u2026`],
    ['NUL', `${token}\u0000`],
  ])('a token with %s is a TypeError without the token', async (_what, bad) => {
    const broken = createClient(optionsFor(keysmith.url, { token: bad }))
    for (const call of [() => broken.verify(secret), () => broken.keys.list()]) {
      const error = await errorOf(call())
      expect(error).toBeInstanceOf(TypeError)
      expectNoCanary(error, broken)
    }
  })

  test('a header of the caller that is none is a TypeError without its value', async () => {
    const broken = createClient(optionsFor(keysmith.url))
    const error = await errorOf(broken.whoami({ headers: { 'x-bad': `${header}\nx` } }))
    expect(error).toBeInstanceOf(TypeError)
    expectNoCanary(error, broken)
  })

  test.each<[string, (sent: RequestInit | undefined) => unknown]>([
    [
      'throws at once and quotes the request',
      (sent) => {
        throw new TypeError(`${sent?.body} ${new Headers(sent?.headers).get('authorization')}`)
      },
    ],
    ['rejects with nothing', () => Promise.reject()],
    ['rejects with null', () => Promise.reject(null)],
    ['rejects with a text', () => Promise.reject(`${secret} ${token}`)],
    ['has a text as cause', () => Promise.reject(new Error(token, { cause: secret }))],
    ['has a code that is no text', () => Promise.reject({ code: { toString: () => token } })],
    ['gives nothing', () => Promise.resolve()],
    ['gives what is no Response', () => Promise.resolve({ ok: true, text: `${secret} ${token}` })],
  ])('a fetch that %s', async (_what, answer) => {
    const fetch = ((_url, sent) => answer(sent)) as typeof globalThis.fetch
    await expectSilent(optionsFor('http://x', { fetch }), ConnectionError)
  })

  test('a token function that never answers', async () => {
    const slow = createClient(
      optionsFor(keysmith.url, { token: () => new Promise<string>(() => {}), timeoutMs: 30 }),
    )
    const error = await errorOf(slow.keys.list())
    expect(error).toBeInstanceOf(TimeoutError)
    expectNoCanary(error, slow)
  })

  test('what the token function throws reaches the caller as it is', async () => {
    const reason = new Error('vault is sealed')
    const sealed = createClient(optionsFor(keysmith.url, { token: () => Promise.reject(reason) }))
    expect(await errorOf(sealed.whoami())).toBe(reason)
  })

  test('a secret in the place of an id never becomes a URL', async () => {
    const { url, seen } = await answerWith(always(200, {}))
    const confused = createClient(optionsFor(url))
    for (const call of [
      () => confused.keys.get(secret),
      () => confused.keys.revoke(secret),
      () => confused.keys.list({ cursor: secret }),
      () => confused.keys.get(''),
      () => confused.keys.get('..'),
    ]) {
      const error = await errorOf(call())
      expect(error).toBeInstanceOf(TypeError)
      expectNoCanary(error, confused)
    }
    expect(seen).toEqual([])
  })

  test('the raw answer of a success holds no secret, and the log has ids, not bodies', async () => {
    const lines: string[] = []
    const write = (fields: object, message: string) =>
      lines.push(JSON.stringify({ ...fields, message }))
    const logger = { debug: vi.fn(write), warn: vi.fn(write) }
    const chatty = createClient(optionsFor(keysmith.url, { token: keysmith.token, logger }))
    const { data, response, requestId } = await chatty.keys.create({ name: 'x' }).withResponse()
    await chatty.verify(data.secret)
    await chatty.keys.disable(data.key.id)
    await errorOf(chatty.keys.rotate(data.key.id, { replaces: 1 }))
    expect(lines.join()).not.toContain(data.secret)
    expect(lines.join()).not.toContain(keysmith.token)
    expect(inspect(response, { depth: 10, showHidden: true })).not.toContain(data.secret)
    const logged = [...logger.debug.mock.calls, ...logger.warn.mock.calls].map(([fields]) => fields)
    expect(logged).toContainEqual(
      expect.objectContaining({
        method: 'POST',
        route: '/v1/keys',
        status: 201,
        attempt: 1,
        requestId,
      }),
    )
    expect(logged).toContainEqual(
      expect.objectContaining({ route: '/v1/keys/{id}/disable', keyId: data.key.id }),
    )
    expect(logger.warn).toHaveBeenCalledWith(
      expect.objectContaining({
        route: '/v1/keys/{id}/rotate',
        status: expect.any(Number),
        code: expect.any(String),
      }),
      expect.any(String),
    )
  })

  test('every error is a KeysmithError, and none has a cause', async () => {
    const { url } = await acceptWith((socket) => socket.destroy())
    const error = await errorOf(createClient(optionsFor(url)).verify(secret))
    expect(error).toBeInstanceOf(KeysmithError)
    expect((error as Error).cause).toBeUndefined()
    expect((error as Error).message).not.toContain('undefined')
    // The proxy in between changes nothing of this.
    const proxy = await answerWith(passOn(keysmith.url))
    await expectSilent(optionsFor(proxy.url), AuthenticationError)
  })
})
