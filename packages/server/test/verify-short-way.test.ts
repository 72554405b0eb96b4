import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import decisionCases from '@keysmith/contract/decision-cases.json' with { type: 'json' }
import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService } from './_service.ts'

// Over a socket a plain verification goes past the framework (decision 018), by `inject` never. Every
// question is asked on both ways, and the answers must be the same.

/** Told by Fastify of every request that comes to a handler: of none that takes the short way. */
const FRAMEWORK = 'tracing:fastify.request.handler:start'

let service: TestService
let url: string
let handled = 0
const count = () => {
  handled += 1
}

beforeAll(async () => {
  service = await startService({ closeItself: false })
  url = await service.app.listen({ port: 0, host: '127.0.0.1' })
  subscribe(FRAMEWORK, count)
})
afterAll(async () => {
  unsubscribe(FRAMEWORK, count)
  await service.close()
})

interface Asked {
  payload: string
  token?: string | null
  headers?: Record<string, string>
}

/** Headers of the connection and of the moment, and the number of the request. */
const OWN = ['connection', 'keep-alive', 'date', 'transfer-encoding', 'x-request-id']

function comparable(status: number, headers: Record<string, unknown>, text: string) {
  for (const name of OWN) delete headers[name]
  const body = text === '' ? null : JSON.parse(text)
  const { leaseMs, requestId: _id, instance: _instance, ...rest } = body
  return { status, headers, body: { ...rest, hasLease: leaseMs !== undefined } }
}

function headersOf({ token = service.rootToken, headers }: Asked): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  }
}

async function askWhole(asked: Asked) {
  const answer = await service.app.inject({
    method: 'POST',
    url: '/v1/verify',
    headers: headersOf(asked),
    payload: asked.payload,
  })
  return comparable(answer.statusCode, { ...answer.headers }, answer.body)
}

async function askSocket(asked: Asked) {
  const before = handled
  const answer = await fetch(`${url}/v1/verify`, {
    method: 'POST',
    headers: headersOf(asked),
    body: asked.payload,
  })
  const found = comparable(answer.status, Object.fromEntries(answer.headers), await answer.text())
  return { ...found, isShort: handled === before }
}

const question = (secret: string, rest: object = {}) => JSON.stringify({ secret, ...rest })

describe('a plain verification', () => {
  test('is answered alike on both ways, for every case of the table', async () => {
    for (const { name, key, request, code } of decisionCases) {
      const { secret } = await createKey(service, key)
      const payload = question(secret, request)
      const whole = await askWhole({ payload })
      expect({ name, ...(await askSocket({ payload })) }).toEqual({ name, ...whole, isShort: true })
      expect({ name, code: whole.body.code }).toEqual({ name, code })
    }
  })

  test('is answered alike when the key is unknown, malformed or ended, and cold too', async () => {
    const { key, secret } = await createKey(service)
    await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
    const unknown = generateKey({ brand: 'ks', kind: 'live' }).secret
    for (const [presented, code] of [
      [secret, 'revoked'],
      [unknown, 'unknown'],
      ['x', 'malformed'],
      ['', 'malformed'],
    ] as const) {
      const payload = question(presented)
      const found = await askSocket({ payload })
      expect(found).toMatchObject({ isShort: true, body: { code } })
      expect(found).toEqual({ ...(await askWhole({ payload })), isShort: true })
    }
  })

  test('is counted, charged and reserved by the same limits, which both ways share', async () => {
    const { secret } = await createKey(service, {
      rateLimits: { requests: { limit: 4, windowSeconds: 3600 } },
      quotas: { tokens: { limit: 10, period: 'none' } },
    })
    const payload = question(secret, { cost: { tokens: 4 } })
    const first = await askSocket({ payload })
    expect(first).toMatchObject({ isShort: true, body: { remaining: { tokens: 6 } } })
    expect(first.headers['ratelimit-policy']).toBe('"requests";q=4;w=3600')
    expect(await askWhole({ payload })).toMatchObject({ body: { remaining: { tokens: 2 } } })
    expect(await askSocket({ payload })).toMatchObject({ body: { quota: 'tokens' }, isShort: true })
    const held = await askSocket({ payload: question(secret, { reserve: { tokens: 2 } }) })
    expect(held).toMatchObject({ isShort: true, body: { remaining: { tokens: 0 } } })
    expect(held.body.reservationId).toMatch(/^[0-9a-z]+$/)
  })

  test('with an idempotency key is charged once, on whichever way it comes again', async () => {
    const { secret } = await createKey(service, { quotas: { tokens: { limit: 9, period: 'day' } } })
    const headers = { 'idempotency-key': 'once' }
    const payload = question(secret, { cost: { tokens: 5 } })
    const first = await askSocket({ payload, headers })
    expect(first).toMatchObject({ isShort: true, body: { remaining: { tokens: 4 } } })
    expect(await askWhole({ payload, headers })).toMatchObject({ body: first.body })
    expect(await askSocket({ payload, headers })).toEqual(first)
    const other = { payload: question(secret, { cost: { tokens: 1 } }), headers }
    const refused = await askSocket(other)
    expect(refused).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
    const { isShort: _isShort, ...answer } = refused
    expect(answer).toEqual(await askWhole(other))
  })
})

describe('what has to be refused', () => {
  test('is refused over the socket with the answer of the whole way', async () => {
    const { secret } = await createKey(service)
    const narrow = (await createToken(service, { permissions: ['keys:read'] })).secret
    const payload = question(secret)
    const refused: Record<string, Asked> = {
      'no token': { payload, token: null },
      'a token of nobody': { payload, token: generateKey({ brand: 'ks', kind: 'root' }).secret },
      'a token that may not verify': { payload, token: narrow },
      'a scheme of another name': { payload, headers: { authorization: 'Basic eDp5' } },
      'no body': { payload: '' },
      'no JSON': { payload: '{"secret":' },
      'a list': { payload: '[]' },
      'an unknown field': { payload: question(secret, { tenantId: 'x' }) },
      'a name of the prototype': { payload: `{"secret":"${secret}","__proto__":{}}` },
      'a wrong amount': { payload: question(secret, { cost: -1 }) },
      'a name in cost and in reserve': {
        payload: question(secret, { cost: 1, reserve: { credits: 1 } }),
      },
      'no address': { payload: question(secret, { ip: '1.2.3' }) },
      'a wrong idempotency key': { payload, headers: { 'idempotency-key': 'a b' } },
      'another content type': { payload, headers: { 'content-type': 'text/plain' } },
      'a body that is too large': { payload: question('x'.repeat(16_384)) },
    }
    for (const [what, asked] of Object.entries(refused)) {
      const whole = await askWhole(asked)
      const { isShort: _isShort, ...found } = await askSocket(asked)
      expect({ what, ...found }).toEqual({ what, ...whole })
      expect({ what, isRefused: whole.status >= 400 && whole.status < 500 }).toEqual({
        what,
        isRefused: true,
      })
    }
  })

  test('is left to the framework, also what its parser takes and ours does not', async () => {
    const { secret } = await createKey(service)
    const payload = question(secret)
    for (const asked of [
      { payload: `\uFEFF${payload}` },
      { payload, headers: { 'content-type': 'application/json; charset=utf-8' } },
    ]) {
      const whole = await askWhole(asked)
      expect(whole).toMatchObject({ status: 200, body: { code: 'valid' } })
      expect(await askSocket(asked)).toEqual({ ...whole, isShort: false })
    }
  })

  test('a token that was revoked verifies nothing more, although it was remembered', async () => {
    const { token, secret } = await createToken(service)
    const { secret: presented } = await createKey(service)
    const asked = { payload: question(presented), token: secret }
    expect(await askSocket(asked)).toMatchObject({ status: 200, isShort: false })
    expect(await askSocket(asked)).toMatchObject({ status: 200, isShort: true })
    const revoked = await ask(service, 'DELETE', `/v1/tokens/${token.id}`)
    expect(revoked.status).toBe(200)
    expect(await askSocket(asked)).toMatchObject({ status: 401 })
  })

  test('a token of another project finds nothing, remembered or not', async () => {
    const project = await ask(service, 'POST', '/v1/projects', { body: { name: 'another' } })
    const { secret } = await createToken(service, {
      permissions: ['keys:verify'],
      project: project.body.id,
    })
    const { secret: presented } = await createKey(service)
    expect(await askSocket({ payload: question(presented) })).toMatchObject({ isShort: true })
    const asked = { payload: question(presented), token: secret }
    for (const isShort of [false, true]) {
      expect(await askSocket(asked)).toMatchObject({ body: { code: 'unknown' }, isShort })
    }
  })
})
