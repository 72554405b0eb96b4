import { createServer, type RequestListener } from 'node:http'
import { generateKey } from '@keysmith/key-format'
import getPort from 'get-port'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../src/index.ts'
import type { VerdictCode } from '../src/types.gen.ts'
import { ADAPTERS, listen, type Protected, protect } from './_adapters.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

const ADAPTER_NAMES = Object.keys(ADAPTERS)
const { secret } = generateKey({ brand: 'ks', kind: 'live' })
const token = generateKey({ brand: 'ks', kind: 'root' }).secret

const key = {
  id: 'key-id',
  name: 'billing',
  owner: 'team-7',
  project: 'project-id',
  environment: 'live',
  permissions: ['jobs:write'],
  allowedModels: ['small-*'],
  metadata: { plan: 'pro' },
  expiresAt: '2030-01-01T00:00:00.000Z',
}

/** Asked for nothing: nothing is reserved here. */
const { reservations } = createClient({ baseUrl: 'http://127.0.0.1:9' })

/** Lines of the logger that the adapter was given. */
const logged: unknown[] = []
const logger = { warn: (...line: unknown[]) => logged.push(line) }
beforeEach(() => {
  logged.length = 0
})

/** A service over real HTTP that answers as the test says. */
async function stubService(answer: RequestListener): Promise<string> {
  const { url, close } = await listen(createServer(answer))
  onTestFinished(close)
  return url
}

/** An app whose service gives this verdict. */
async function withVerdict(adapter: string, verdict: unknown): Promise<Protected> {
  const baseUrl = await stubService((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(verdict))
  })
  return protect(adapter, { client: createClient({ baseUrl, token }), logger })
}

const ask = (app: Protected, presented = secret) =>
  fetch(`${app.url}/jobs`, { headers: { authorization: `Bearer ${presented}` } })

async function expectRefusal(
  app: Protected,
  expected: { status: number; code: string; challenge?: string | null; retryAfter?: string | null },
) {
  const response = await ask(app)
  const text = await response.text()
  const { status, code, challenge = null, retryAfter = null } = expected
  expect({
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    retryAfter: response.headers.get('retry-after'),
    body: JSON.parse(text),
  }).toEqual({ status, challenge, retryAfter, body: { title: TITLES[status], status, code } })
  expect(app.handled).toEqual([])
  const all = JSON.stringify([text, [...response.headers], logged, app.seen])
  expect(all).not.toContain(secret)
  expect(all).not.toContain(token)
}

const TITLES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

const INVALID = {
  status: 401,
  code: 'unauthorized',
  challenge: 'Bearer error="invalid_token"',
}

/** A new code of the service has to be placed here. */
const CODES: Record<Exclude<VerdictCode, 'valid'>, Parameters<typeof expectRefusal>[1]> = {
  malformed: INVALID,
  unknown: INVALID,
  revoked: INVALID,
  disabled: INVALID,
  not_yet_valid: INVALID,
  expired: INVALID,
  ip_required: { status: 403, code: 'ip_required' },
  ip_not_allowed: { status: 403, code: 'ip_not_allowed' },
  missing_permission: {
    status: 403,
    code: 'missing_permission',
    challenge: 'Bearer error="insufficient_scope"',
  },
  model_required: { status: 403, code: 'model_required' },
  model_not_allowed: { status: 403, code: 'model_not_allowed' },
  rate_limited: { status: 429, code: 'rate_limited' },
  quota_exhausted: { status: 429, code: 'quota_exhausted' },
}

describe.each(ADAPTER_NAMES)('%s', (adapter) => {
  test.each(Object.entries(CODES))('the verdict %s ends the request', async (code, expected) => {
    await expectRefusal(await withVerdict(adapter, { valid: false, code, key }), expected)
    expect(logged).toEqual([])
  })

  test.each(['frozen', '', 'VALID', 'constructor', 'toString', '__proto__'])(
    'a code of a newer service (%j) is not valid',
    async (code) => {
      await expectRefusal(await withVerdict(adapter, { valid: false, code, key }), INVALID)
    },
  )

  test.each([
    ['a wait', { code: 'rate_limited', retryAfterMs: 1500 }, '2'],
    ['hardly any wait', { code: 'rate_limited', retryAfterMs: 0 }, '1'],
    ['no wait helps', { code: 'rate_limited', retryAfterMs: null }, null],
    ['a wait of another type', { code: 'rate_limited', retryAfterMs: 'soon' }, null],
    ['a reset in the past', { code: 'quota_exhausted', resetsAt: '2020-01-01T00:00:00Z' }, '1'],
    ['no reset', { code: 'quota_exhausted', resetsAt: null }, null],
    ['a reset that is no time', { code: 'quota_exhausted', resetsAt: {} }, null],
  ])('a limit answers 429: %s', async (_what, verdict, retryAfter) => {
    const app = await withVerdict(adapter, { valid: false, key, ...verdict })
    await expectRefusal(app, { status: 429, code: verdict.code, retryAfter })
  })

  test('the reset of a quota is told in whole seconds', async () => {
    const resetsAt = new Date(Date.now() + 3_600_000).toISOString()
    const app = await withVerdict(adapter, { valid: false, code: 'quota_exhausted', key, resetsAt })
    const retryAfter = Number((await ask(app)).headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThan(3500)
    expect(retryAfter).toBeLessThanOrEqual(3600)
  })

  test.each([
    ['valid, by its code alone', { valid: false, code: 'valid', key }],
    ['valid, with another code', { valid: true, code: 'expired', key }],
    ['valid as a text', { valid: 'true', code: 'valid', key }],
    ['valid without a key', { valid: true, code: 'valid' }],
    ['no verdict', {}],
    ['a list', []],
  ])('an answer that is no verdict is no answer: %s', async (_what, verdict) => {
    const app = await withVerdict(adapter, verdict)
    await expectRefusal(app, { status: 503, code: 'service_unavailable' })
    expect(logged).toEqual([[{ reason: 'unrecognized_answer' }, MESSAGE]])
  })

  test('a good key reaches the handler, without its secret and without more than it needs', async () => {
    const verdict = { valid: true, code: 'valid', key: { ...key, secret: 'x' }, leaseMs: 0 }
    const app = await withVerdict(adapter, verdict)
    const response = await ask(app)
    expect([response.status, await response.text()]).toEqual([200, 'done'])
    const { allowedModels: _, ...expected } = key
    expect(app.handled).toEqual([adapter === 'web' ? verdict.key : expected])
  })
})

const MESSAGE = 'an API key could not be checked'
const UNAVAILABLE = { status: 503, code: 'service_unavailable' }

describe.each(ADAPTER_NAMES)('%s lets nobody through when', (adapter) => {
  const start = (options: Parameters<typeof createClient>[0], timeoutMs = 10_000) =>
    protect(adapter, {
      client: createClient({ token, ...options, verify: { timeoutMs, maxRetries: 0 } }),
      logger,
    })

  test('the service is stopped', async () => {
    await expectRefusal(
      await start({ baseUrl: `http://127.0.0.1:${await getPort()}` }),
      UNAVAILABLE,
    )
    expect(logged).toEqual([[{ reason: 'connection_failed' }, MESSAGE]])
  })

  test('the service hangs', async () => {
    const hangs = await stubService(() => {})
    await expectRefusal(await start({ baseUrl: hangs }, 50), UNAVAILABLE)
    expect(logged).toEqual([[{ reason: 'timeout' }, MESSAGE]])
  })

  test('the connection breaks', async () => {
    const baseUrl = await stubService((request) => request.socket.destroy())
    await expectRefusal(await start({ baseUrl }), UNAVAILABLE)
  })

  test.each([400, 401, 403, 404, 429, 500, 502, 503])('it answers %i', async (status) => {
    const problem = { type: 'urn:keysmith:error:some_code', code: 'some_code' }
    const body = JSON.stringify({ ...problem, detail: `about ${secret}`, requestId: 'r-1' })
    const baseUrl = await stubService((_request, response) => {
      response.writeHead(status, { 'x-request-id': 'r-1' }).end(body)
    })
    await expectRefusal(await start({ baseUrl }), UNAVAILABLE)
    expect(logged).toEqual([[{ reason: 'some_code', status, requestId: 'r-1' }, MESSAGE]])
  })

  test('a page comes instead of an answer, or a redirect', async () => {
    const page = await stubService((_request, response) => response.end('<html>valid: true</html>'))
    await expectRefusal(await start({ baseUrl: page }), UNAVAILABLE)
    const away = await stubService((_request, response) => {
      response.writeHead(302, { location: page }).end()
    })
    await expectRefusal(await start({ baseUrl: away }), UNAVAILABLE)
  })

  test.each<[string, unknown, unknown]>([
    ['a TypeError that quotes the secret', new TypeError(`bad ${secret}`), 'TypeError'],
    ['an abort', new DOMException('aborted', 'AbortError'), 'AbortError'],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['a text', secret, undefined],
  ])('verify throws %s', async (_what, error, reason) => {
    const rejects = { reservations, verify: () => Promise.reject(error) }
    await expectRefusal(await protect(adapter, { client: rejects, logger }), UNAVAILABLE)
    const throws = {
      reservations,
      verify: () => {
        throw error
      },
    }
    await expectRefusal(await protect(adapter, { client: throws, logger }), UNAVAILABLE)
    expect(JSON.parse(JSON.stringify(logged))).toEqual(
      JSON.parse(
        JSON.stringify([
          [{ reason }, MESSAGE],
          [{ reason }, MESSAGE],
        ]),
      ),
    )
  })

  test('verify gives nothing, or a truth of another kind', async () => {
    for (const verdict of [undefined, null, true, 'valid', { valid: 1, code: 'valid', key }]) {
      const client = { reservations, verify: () => Promise.resolve(Object(verdict)) }
      const response = await ask(await protect(adapter, { client, logger }))
      expect([401, 503]).toContain(response.status)
    }
  })

  test('the list of permissions is missing by mistake', async () => {
    const client = { verify: () => Promise.resolve({ valid: true, code: 'valid', key }) }
    const options = { client: client as never, logger, permissions: Object('jobs:write') }
    await expectRefusal(await protect(adapter, options), UNAVAILABLE)
  })
})

describe.each(ADAPTER_NAMES)('%s before a real service', (adapter) => {
  let service: Keysmith
  beforeAll(async () => {
    service = await startKeysmith()
  })
  afterAll(() => service.stop())

  test('what a key lacks is refused, what it has is served, and a revocation holds at once', async () => {
    const { client } = service
    const body = { name: 'a', permissions: ['jobs:write'], allowedModels: ['small-*'] }
    const { key: created, secret: good } = await client.keys.create(body)
    const status = async (options: { permissions?: string[]; model?: string | null }) => {
      const app = await protect(adapter, { client, ...options })
      const response = await ask(app, good)
      expect(app.handled).toHaveLength(response.status === 200 ? 1 : 0)
      return `${response.status} ${response.status === 200 ? '' : Object(await response.json()).code}`
    }
    const model = 'small-1'
    expect(await status({ permissions: ['jobs:write'], model })).toBe('200 ')
    expect(await status({ permissions: [], model: null })).toBe('200 ')
    expect(await status({ permissions: ['jobs:read'], model })).toBe('403 missing_permission')
    expect(await status({ model: 'large' })).toBe('403 model_not_allowed')
    expect(await status({})).toBe('403 model_required')
    await client.keys.revoke(created.id)
    expect(await status({ model })).toBe('401 unauthorized')
  })

  test('a management token is no key', async () => {
    const app = await protect(adapter, { client: service.client })
    expect((await ask(app, service.token)).status).toBe(401)
  })

  test('our own token is refused', async () => {
    const client = createClient({ baseUrl: service.url, token })
    const app = await protect(adapter, { client, logger })
    await expectRefusal(app, UNAVAILABLE)
    const [[fields]] = logged as [[{ reason: string; status: number; requestId: string }]]
    expect(fields).toMatchObject({ reason: 'unauthenticated', status: 401 })
    expect(fields.requestId).toBeTruthy()
  })
})
