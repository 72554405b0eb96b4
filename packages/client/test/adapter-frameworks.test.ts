import { createServer } from 'node:http'
import { connect, constants } from 'node:http2'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import express, { type ErrorRequestHandler } from 'express'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { requireKey as requireExpressKey } from '../src/adapters/express.ts'
import { keyAuth } from '../src/adapters/fastify.ts'
import { requireKey as requireHonoKey } from '../src/adapters/hono.ts'
import { withKey } from '../src/adapters/next.ts'
import type { PresentedKey } from '../src/adapters/options.ts'
import { FORMS } from '../src/adapters/question.ts'
import { checkKey } from '../src/adapters/web.ts'
import { VerifyRequest } from '../src/constraints.gen.ts'
import { type Client, createClient } from '../src/index.ts'
import { listen } from './_adapters.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let service: Keysmith
let client: Client
/** Secrets of a plain key, one for the models small-*, and one for the address 203.0.113.7. */
let plain: string
let small: string
let local: string

beforeAll(async () => {
  service = await startKeysmith()
  client = service.client
  const create = async (body: object) =>
    (await client.keys.create({ name: 'a', permissions: ['jobs:write'], ...body })).secret
  plain = await create({})
  small = await create({ allowedModels: ['small-*'] })
  local = await create({ ipAllowlist: ['203.0.113.7'] })
})
afterAll(() => service.stop())

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
const JSON_TYPE = { 'content-type': 'application/json' }

describe('fastify', () => {
  const start = (app: FastifyInstance) => {
    onTestFinished(() => app.close())
    return async (method: 'GET' | 'POST' | 'HEAD', url: string, secret = '', body?: object) => {
      const headers = secret ? bearer(secret) : {}
      return (await app.inject({ method, url, headers, ...(body && { body }) })).statusCode
    }
  }

  test('a route that says nothing needs a key, wherever the plugin and the route stand', async () => {
    const app = fastify()
    const status = start(app)
    app.get('/before', async () => 'ok')
    await app.register(async (scope) => {
      scope.get('/loaded', async (request) => request.key.name)
    })
    app.register(keyAuth, { client })
    app.get('/after', async (request) => request.key.name)
    app.get('/empty', { config: {} }, async () => 'ok')
    app.register(async (scope) => {
      scope.get('/child', async () => 'ok')
    })
    for (const url of ['/before', '/loaded', '/after', '/empty', '/child']) {
      expect(await status('GET', url)).toBe(401)
      expect(await status('HEAD', url)).toBe(401)
      expect(await status('GET', url, plain)).toBe(200)
    }
    expect(await status('GET', '/absent')).toBe(401)
    expect(await status('GET', '/absent', plain)).toBe(404)
  })

  test('a route is public when it says so, and only inside its scope is anything protected', async () => {
    const app = fastify()
    const status = start(app)
    app.register(async (scope) => {
      scope.register(keyAuth, { client })
      scope.get('/inside', async () => 'ok')
      scope.get('/public', { config: { key: false } }, async () => 'ok')
      scope.get('/careless', { config: { key: false } }, async (request) => request.key.id)
    })
    app.get('/outside', async () => 'ok')
    expect(await status('GET', '/inside')).toBe(401)
    expect(await status('GET', '/public')).toBe(200)
    expect(await status('GET', '/outside')).toBe(200)
    expect(await status('GET', '/careless', plain)).toBe(500)
  })

  test('a second registration in the same scope stops the start', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    app.register(keyAuth, { client }).register(keyAuth, { client })
    await expect(app.ready()).rejects.toThrow(/already/)
  })

  test('permissions and models may depend on the path and the body', async () => {
    const app = fastify()
    const status = start(app)
    app.register(keyAuth, { client })
    const config = {
      key: {
        permissions: (request: { params: unknown }) => [`jobs:${Object(request.params).right}`],
        model: async (request: { body: unknown }) => Object(request.body).model,
      },
    }
    app.post('/:right', { config }, async (request) => request.key.id)
    expect(await status('POST', '/write', small, { model: 'small-1' })).toBe(200)
    expect(await status('POST', '/write', small, { model: 'large' })).toBe(403)
    expect(await status('POST', '/read', small, { model: 'small-1' })).toBe(403)
    expect(await status('POST', '/Read', small, { model: 'small-1' })).toBe(503)
    for (const model of [
      null,
      undefined,
      '',
      1,
      ['small-1'],
      { small: 1 },
      'small 1',
      'small-1\n',
    ]) {
      expect(await status('POST', '/write', small, { model })).toBe(403)
      expect(await status('POST', '/write', plain, { model })).toBe(200)
    }
  })

  test('without a secret no body is read, and no validation is told', async () => {
    const app = fastify()
    const status = start(app)
    let parsed = 0
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      parsed++
      done(null, JSON.parse(String(text)))
    })
    app.register(keyAuth, { client })
    const schema = { body: { type: 'object', required: ['model'] } }
    const config = { key: { model: () => 'small-1' } }
    app.post('/', { config, schema }, async () => 'ok')
    app.post('/fixed', { config: { key: { model: 'small-1' } }, schema }, async () => 'ok')
    for (const secret of ['', 'a b', '"']) {
      expect(await status('POST', '/', secret, {})).toBe(secret === 'a b' ? 400 : 401)
    }
    expect(await status('POST', '/fixed', 'unknown', {})).toBe(401)
    expect(parsed).toBe(0)
    expect(await status('POST', '/', 'unknown', {})).toBe(401)
    expect(await status('POST', '/', small, {})).toBe(400)
  })

  test('a function that throws is a refusal, and the log of the request has the reason', async () => {
    const lines: string[] = []
    const stream = new Writable({ write: (line, _, done) => done(void lines.push(String(line))) })
    const app = fastify({ logger: { level: 'warn', stream } })
    const status = start(app)
    app.register(keyAuth, { client })
    const key = {
      permissions: () => {
        throw new Error(plain)
      },
    }
    app.get('/', { config: { key } }, async () => 'ok')
    expect(await status('GET', '/', plain)).toBe(503)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 40, reason: 'Error', msg: 'an API key could not be checked', reqId: 'req-1' },
    ])
    expect(lines.join()).not.toContain(plain)
  })

  test('the address is that of the trusted proxy setting, never a raw header', async () => {
    const statuses: number[] = []
    for (const trustProxy of [false, '127.0.0.1']) {
      const app = fastify({ trustProxy })
      onTestFinished(() => app.close())
      app.register(keyAuth, { client })
      app.get('/', async () => 'ok')
      for (const forwarded of ['203.0.113.7', '203.0.113.8', 'fe80::1%eth0', 'unknown']) {
        const headers = { ...bearer(local), 'x-forwarded-for': forwarded }
        statuses.push((await app.inject({ url: '/', headers })).statusCode)
      }
    }
    expect(statuses).toEqual([403, 403, 403, 403, 200, 403, 403, 403])
  })

  test('no later hook, error handler or log line sees the header or the parameter', async () => {
    const seen: string[] = []
    const stream = new Writable({ write: (line, _, done) => done(void seen.push(String(line))) })
    const logController = new LogController({ disableRequestLogging: true })
    const app = fastify({ logger: { level: 'trace', stream }, logController })
    const status = start(app)
    app.register(keyAuth, { client, allowQuery: true })
    const look = (request: import('fastify').FastifyRequest) => {
      const { headers, query, url, originalUrl, raw } = request
      request.log.info({ headers, query, url, originalUrl, raw: [raw.rawHeaders, raw.url] })
    }
    for (const hook of ['preParsing', 'preValidation', 'preHandler', 'onSend'] as const) {
      app.addHook(hook, async (request: import('fastify').FastifyRequest) => look(request))
    }
    app.addHook('onResponse', async (request) => look(request))
    app.setErrorHandler((error, request, reply) => {
      look(request)
      request.log.error({ err: error, req: request }, 'failed')
      return reply.code(500).send('failed')
    })
    app.get('/', async () => {
      throw new Error('failed')
    })
    expect(await status('GET', '/?a=1', plain)).toBe(500)
    expect(await status('GET', `/?a=1&api_key=${plain}&b=2`)).toBe(500)
    expect(await status('GET', `/?a=1&api_key=${'x'.repeat(30)}`, plain)).toBe(400)
    expect(seen.join()).toContain('/?a=1&b=2')
    expect(seen.join()).not.toContain(plain)
    expect(seen.join()).not.toContain('xxx')
  })

  test('works over HTTP/2', async () => {
    const app = fastify({ http2: true })
    app.register(keyAuth, { client })
    app.get('/', async (request) => request.headers)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const session = connect(url)
    onTestFinished(async () => {
      session.destroy()
      await app.close()
    })
    const ask = (headers: object) =>
      new Promise<[unknown, string]>((resolve) => {
        const stream = session.request({ [constants.HTTP2_HEADER_PATH]: '/', ...headers })
        let status: unknown
        let text = ''
        stream.on('response', (answer) => {
          status = answer[':status']
        })
        stream.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        stream.on('end', () => resolve([status, text]))
      })
    const [status, text] = await ask(bearer(plain))
    expect(status).toBe(200)
    expect(text).not.toContain(plain)
    expect((await ask({}))[0]).toBe(401)
  })

  test('over HTTP/2, where the URL is a header too, no header keeps the parameter', async () => {
    const app = fastify({ http2: true })
    app.register(keyAuth, { client, allowQuery: true })
    app.get('/', async ({ raw, headers }) => [raw.url, raw.rawHeaders.slice(0, 2), headers])
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const session = connect(url)
    onTestFinished(async () => {
      session.destroy()
      await app.close()
    })
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: `/?a=1&api_key=${plain}&b=2` })
    const seen = await text(stream)
    expect(seen).not.toContain(plain)
    expect(JSON.parse(seen)).toMatchObject(['/?a=1&b=2', [':path', '/?a=1&b=2'], {}])
  })
})

describe('express', () => {
  const start = async (app: express.Express) => {
    const { url, close } = await listen(createServer(app))
    onTestFinished(close)
    return url
  }

  test('a router below a path, a function of the body, and a second check of the same request', async () => {
    const app = express()
    const router = express.Router()
    app.use('/v1', requireExpressKey({ client }), express.json(), router)
    router.post(
      '/jobs',
      requireExpressKey({
        client,
        permissions: ['jobs:write'],
        model: (request) => request.body?.model,
      }),
      (request, response) => response.json({ key: request.key, headers: request.headers }),
    )
    const url = await start(app)
    const post = (secret: string, body: object) =>
      fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { ...bearer(secret), ...JSON_TYPE },
        body: JSON.stringify(body),
      })
    // The first check knows no model, so a restricted key is refused there.
    expect((await post(small, { model: 'small-1' })).status).toBe(403)
    const response = await post(plain, { model: 'small-1' })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ key: { name: 'a', permissions: ['jobs:write'] } })
    expect(text).not.toContain(plain)
  })

  test('what comes after fails as it would without the adapter', async () => {
    const app = express()
    app.use(requireExpressKey({ client }))
    app.get('/sync', () => {
      throw new Error('sync')
    })
    app.get('/async', async () => {
      throw new Error('async')
    })
    const seen: string[] = []
    const onError: ErrorRequestHandler = (error, _request, response, _next) => {
      seen.push(error.message)
      response.status(418).end()
    }
    app.use(onError)
    const url = await start(app)
    for (const path of ['/sync', '/async']) {
      expect((await fetch(url + path, { headers: bearer(plain) })).status).toBe(418)
    }
    expect(seen).toEqual(['sync', 'async'])
  })

  test('an answer that was already sent does not end the process', async () => {
    const app = express()
    app.use((_request, response, next) => {
      response.end('early')
      next()
    })
    app.use(requireExpressKey({ client }), (_request, response) => response.end('handled'))
    const errors: string[] = []
    app.use(((error, _request, _response, _next) => {
      errors.push(error.code)
    }) as ErrorRequestHandler)
    expect(await (await fetch(await start(app))).text()).toBe('early')
    expect(errors).toEqual(['ERR_HTTP_HEADERS_SENT'])
  })

  test('the address is that of trust proxy, never a raw header', async () => {
    const statuses: number[] = []
    for (const trusted of [false, 'loopback']) {
      const app = express()
      app.set('trust proxy', trusted)
      app.use(requireExpressKey({ client }), (_request, response) => response.end('ok'))
      const url = await start(app)
      for (const forwarded of ['203.0.113.7', '203.0.113.8', 'unknown']) {
        const headers = { ...bearer(local), 'x-forwarded-for': forwarded }
        statuses.push((await fetch(url, { headers })).status)
      }
    }
    expect(statuses).toEqual([403, 403, 403, 200, 403, 403])
  })

  test('nothing of the request keeps the parameter', async () => {
    const app = express()
    const seen: string[] = []
    app.use((request, response, next) => {
      response.on('finish', () => {
        const { _parsedUrl, _parsedOriginalUrl } = Object(request)
        seen.push(
          request.originalUrl,
          JSON.stringify([request.url, _parsedUrl, _parsedOriginalUrl]),
        )
      })
      // Express remembers the parts of the URL, and up to version 4 the query.
      expect(request.query.api_key).toBeTruthy()
      Object.defineProperty(request, 'query', { value: request.query })
      next()
    })
    app.use('/v1', requireExpressKey({ client, allowQuery: true }))
    app.get('/v1/jobs', (request, response) => {
      const { _parsedUrl, _parsedOriginalUrl } = Object(request)
      seen.push(JSON.stringify([_parsedUrl, _parsedOriginalUrl, request.query, request.baseUrl]))
      response.json(request.query)
    })
    const url = await start(app)
    const response = await fetch(`${url}/v1/jobs?a=%20&api_key=${plain}&b`)
    expect(await response.json()).toEqual({ a: ' ', b: '' })
    expect(seen).toContain('/v1/jobs?a=%20&b')
    expect(seen.join()).not.toContain(plain)
    const second = await fetch(`${url}/v1/jobs?next=/x?y=1&api_key=${plain}`)
    expect(await second.json()).toEqual({ next: '/x?y=1' })
    expect(seen.join()).not.toContain(plain)
    expect((await fetch(`${url}/v1/jobs?api_key=refused`)).status).toBe(401)
    expect(seen.join()).not.toContain('refused')
  })
})

describe('hono', () => {
  test('a model from the path or the body, which the handler can still read', async () => {
    const app = new Hono()
    app.post(
      '/models/:model',
      requireHonoKey({ client, model: (c) => c.req.param('model') }),
      (c) => c.text(c.get('key').name),
    )
    app.post(
      '/chat',
      requireHonoKey({ client, model: async (c) => (await c.req.json()).model }),
      async (c) => c.json({ key: c.get('key'), body: await c.req.json() }),
    )
    const ask = async (path: string, body = '{}') =>
      app.request(path, { method: 'POST', headers: bearer(small), body })
    expect((await ask('/models/small-1')).status).toBe(200)
    expect((await ask('/models/large')).status).toBe(403)
    const answer = await ask('/chat', '{"model":"small-1"}')
    expect(await answer.json()).toMatchObject({ key: { name: 'a' }, body: { model: 'small-1' } })
    expect((await ask('/chat', '{"model":null}')).status).toBe(403)
    expect((await ask('/chat', '{')).status).toBe(503)
  })

  test('a preflight passes when cors stands before, and a refusal has its headers', async () => {
    const app = new Hono()
    app.use(cors({ origin: 'https://app.example.com' }), requireHonoKey({ client }))
    app.get('/', (c) => c.text('ok'))
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' }
    expect((await app.request('/', { method: 'OPTIONS', headers })).status).toBe(204)
    const refused = await app.request('/', { headers })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect((await app.request('/', { headers: bearer(plain) })).status).toBe(200)
  })
})

describe('next and web', () => {
  test('a route handler is given its own context and the key', async () => {
    const context = { params: Promise.resolve({ id: '7' }) }
    const handler = withKey(
      async (request: Request, { params, key }: typeof context & { key: PresentedKey }) =>
        Response.json({ id: (await params).id, name: key.name, method: request.method }),
      { client, permissions: ['jobs:write'] },
    )
    const request = (headers: Record<string, string>) =>
      new Request('http://localhost/', { headers })
    const response = await handler(request(bearer(plain)), context)
    expect(await response.json()).toEqual({ id: '7', name: 'a', method: 'GET' })
    expect((await handler(request({}), context)).status).toBe(401)
    expect(Object.keys(context)).toEqual(['params'])
  })

  test('an address that the adapter cannot know is never assumed', async () => {
    const request = new Request('http://localhost/', {
      headers: { ...bearer(local), 'x-forwarded-for': '203.0.113.7' },
    })
    const status = async (options: object) => {
      const outcome = await checkKey({ client, ...options })(request)
      return outcome instanceof Response ? outcome.status : outcome.code
    }
    expect(await status({})).toBe(403)
    expect(await status({ ip: undefined })).toBe(403)
    for (const address of [null, undefined, '', 'x', 7]) {
      expect(await status({ ip: () => address })).toBe(403)
    }
    expect(await status({ ip: () => '203.0.113.8' })).toBe(403)
    expect(await status({ ip: () => '203.0.113.7' })).toBe('valid')
    expect(await status({ ip: null })).toBe('valid')
  })

  test('control characters that a Request can hold are refused', async () => {
    const check = checkKey({ client })
    for (const code of [1, 8, 9, 11, 12, 31, 127, 133, 160, 255]) {
      const authorization = `Bearer ${plain}${String.fromCharCode(code)}x`
      const outcome = await check(new Request('http://localhost/', { headers: { authorization } }))
      expect(outcome).toMatchObject({ status: code === 9 ? 400 : 401 })
    }
  })
})

test('the forms of addresses and models are those of the service', () => {
  const { model, ip } = VerifyRequest
  for (const [form, { pattern, minLength, maxLength }] of [
    [FORMS.model, model],
    [FORMS.ip, ip],
  ] as const) {
    for (let code = 0; code < 300; code++) {
      const character = String.fromCharCode(code)
      const text = character.repeat(minLength)
      expect([code, form.test(text)]).toEqual([code, new RegExp(pattern).test(text)])
      expect(form.test(character.repeat(maxLength + 1))).toBe(false)
      if (form.test(text)) expect(form.test(character.repeat(maxLength))).toBe(true)
    }
    expect(form.test('')).toBe(false)
  }
})

test('leases change no answer: a frozen key is given on', async () => {
  const { leases } = await import('../src/leases.ts')
  const leased = createClient({
    baseUrl: service.url,
    token: service.token,
    verify: { lease: leases() },
  })
  const check = checkKey({ client: leased, permissions: ['jobs:write'] })
  const request = new Request('http://localhost/', { headers: bearer(plain) })
  for (let count = 0; count < 3; count++)
    expect(await check(request)).toMatchObject({ valid: true })
})
