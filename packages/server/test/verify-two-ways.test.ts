import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService } from './_service.ts'
import {
  bearer,
  byFramework,
  type Comparable,
  JSON_TYPE,
  listen,
  overNetwork,
  question,
  type Request,
} from './_two-ways.ts'

// A plain verification that comes over the network passes the framework by. Whatever is sent, the answer is the one
// that the framework gives, to which `inject` leads.

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000

let service: TestService
let clock = NOW
let url: string
/** Secrets by what they are for. */
let secrets: Record<'plain' | 'limited' | 'rated' | 'bounded' | 'foreign' | 'revoked', string>
let tokens: Record<'verifying' | 'reading' | 'bound' | 'revoked' | 'expired', string>

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
  url = await listen(service)
  const project = (await ask(service, 'POST', '/v1/projects', { body: { name: 'other' } })).body.id
  const secretOf = async (body: object) => (await createKey(service, { ...body })).secret
  secrets = {
    plain: await secretOf({ permissions: ['jobs:*'], owner: 'Zoë', metadata: { plan: 'gold' } }),
    limited: await secretOf({ quotas: { tokens: { limit: 100, period: 'month' } } }),
    rated: await secretOf({ rateLimits: { requests: { limit: 1, windowSeconds: 60 } } }),
    bounded: await secretOf({ allowedModels: ['small-*'], ipAllowlist: ['203.0.113.0/24'] }),
    foreign: await secretOf({ project }),
    revoked: '',
  }
  const revoked = await createKey(service)
  await ask(service, 'POST', `/v1/keys/${revoked.key.id}/revoke`, { body: {} })
  secrets.revoked = revoked.secret
  const ended = await createToken(service)
  await ask(service, 'DELETE', `/v1/tokens/${ended.token.id}`)
  const tokenOf = async (body: object) => (await createToken(service, { ...body })).secret
  tokens = {
    verifying: await tokenOf({ permissions: ['keys:verify'] }),
    reading: await tokenOf({ permissions: ['keys:read'] }),
    bound: await tokenOf({ project }),
    revoked: ended.secret,
    expired: await tokenOf({ expiresInDays: 1 }),
  }
})
afterAll(() => service.close())

const withToken = (request: Request): Request => ({ token: tokens.verifying, ...request })

/** Asks the framework first: then the token and the row are remembered, where they may be. */
async function expectSame(what: string, request: Request): Promise<Comparable> {
  const expected = await byFramework(service, withToken(request))
  expect(await overNetwork(url, withToken(request)), what).toEqual(expected)
  return expected
}

test('every verdict is the same', async () => {
  const { plain, limited, rated, bounded, foreign, revoked } = secrets
  const absent = generateKey({ brand: 'ks', kind: 'live' }).secret
  const asked: [code: string, secret: string, about?: object, token?: string][] = [
    ['valid', plain],
    ['valid', plain, { permissions: ['jobs:write'], model: null, ip: null, cost: 3 }],
    ['valid', plain, { cost: { constructor: 1 } }],
    ['valid', limited, { cost: { tokens: 0 } }],
    ['valid', bounded, { model: 'small-1', ip: '203.0.113.9' }],
    ['valid', foreign],
    ['valid', foreign, {}, tokens.bound],
    ['unknown', plain, {}, tokens.bound],
    ['unknown', absent],
    ['malformed', 'x'],
    ['malformed', ''],
    ['malformed', `${plain}\u0000`],
    ['malformed', '\ud800'],
    ['malformed', 'x'.repeat(1025)],
    ['malformed', tokens.verifying.slice(0, -1)],
    ['unknown', tokens.verifying],
    ['revoked', revoked],
    ['ip_required', bounded],
    ['ip_not_allowed', bounded, { ip: '203.0.114.1' }],
    ['missing_permission', plain, { permissions: ['jobs:write', 'media:write'] }],
    ['model_required', bounded, { ip: null }],
    ['model_not_allowed', bounded, { ip: null, model: 'large-1' }],
    ['rate_limited', rated, { cost: { requests: 2 } }],
    ['quota_exhausted', limited, { cost: { tokens: 101 } }],
  ]
  for (const [code, secret, about, token = tokens.verifying] of asked) {
    const body = question(secret, about)
    const { status, body: text } = await expectSame(body, { body, token })
    expect([status, JSON.parse(text).code]).toEqual([200, code])
  }
})

test('a request that was charged is answered the same, whichever way it is repeated', async () => {
  const headers: Request['headers'] = [['Idempotency-Key', 'charged-once']]
  const body = question(secrets.limited, { cost: { tokens: 10 } })
  const first = await expectSame('a charge', { body, headers })
  expect(JSON.parse(first.body)).toMatchObject({ remaining: { tokens: 90 } })
  const other = question(secrets.limited, { cost: { tokens: 11 } })
  const mismatch = await expectSame('another request', { body: other, headers })
  expect([mismatch.status, JSON.parse(mismatch.body).code]).toEqual([422, 'idempotency_mismatch'])
  const reserve = question(secrets.limited, { reserve: { tokens: 20 } })
  const held = await expectSame('a reservation', {
    body: reserve,
    headers: [['Idempotency-Key', 'held-once']],
  })
  expect(JSON.parse(held.body)).toMatchObject({ remaining: { tokens: 70 } })
})

test('every refusal of a caller is the same', async () => {
  const body = question(secrets.plain)
  const { verifying, reading, revoked, expired } = tokens
  expect((await ask(service, 'GET', '/v1/whoami', { token: expired })).status).toBe(200)
  clock += DAY_MS
  const callers: [what: string, status: number, request: Request][] = [
    ['an expired token', 401, { token: expired }],
    ['a revoked token', 401, { token: revoked }],
    ['an issued key', 401, { token: secrets.plain }],
    [
      'a token that was never issued',
      401,
      { token: generateKey({ brand: 'ks', kind: 'root' }).secret },
    ],
    ['a token without the permission', 403, { token: reading }],
    ['no token', 401, { headers: [['Authorization', 'NONE']] }],
    ['an empty header', 401, { headers: [['Authorization', '']] }],
    ['two headers', 401, { headers: [bearer(verifying), bearer(verifying)] }],
    ['a good header and another', 401, { headers: [bearer(verifying), ['Authorization', 'x']] }],
    ['the scheme in lower case', 200, { headers: [['Authorization', `bearer ${verifying}`]] }],
    ['two spaces', 200, { headers: [['Authorization', `Bearer  ${verifying}`]] }],
    ['another scheme', 401, { headers: [['Authorization', `Basic ${verifying}`]] }],
    ['a long token', 401, { token: `${verifying}${'x'.repeat(300)}` }],
  ]
  for (const [what, status, request] of callers) {
    const answer = await expectSame(what, { body, ...request })
    expect([what, answer.status]).toEqual([what, status])
  }
})

test('every refusal of a body is the same', async () => {
  const { plain } = secrets
  const open = `{"secret":"${plain}"`
  const padded = (length: number) => question(plain).padEnd(length)
  const bodies: [what: string, status: number, body: string | Buffer][] = [
    ['nothing', 400, ''],
    ['null', 400, 'null'],
    ['a list', 400, '[]'],
    ['a text', 400, '"x"'],
    ['no JSON', 400, open],
    ['two values', 400, '{}{}'],
    ['a comment', 400, `${open}}//`],
    ['UTF-16', 400, Buffer.from(`${open}}`, 'utf16le')],
    ['a mark of the byte order', 200, `\ufeff${open}}`],
    ['bytes that are no UTF-8', 400, Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    [
      'a secret that is no UTF-8',
      200,
      Buffer.concat([Buffer.from('{"secret":"\xff', 'latin1'), Buffer.from('"}')]),
    ],
    ['no secret', 400, '{}'],
    ['an unknown field', 400, `${open},"userId":1}`],
    ['__proto__', 400, `${open},"__proto__":{}}`],
    ['__proto__ of null', 400, `${open},"__proto__":null}`],
    ['an escaped __proto__', 400, `${open},"\\u005f_proto__":{}}`],
    ['__proto__ in the cost', 400, `${open},"cost":{"__proto__":1}}`],
    ['__proto__ in the reserve', 400, `${open},"reserve":{"tokens":1,"__proto__":{"tokens":2}}}`],
    ['constructor', 400, `${open},"constructor":{"prototype":{}}}`],
    ['constructor in the cost', 400, `${open},"cost":{"constructor":{"prototype":1}}}`],
    ['a field twice', 200, `{"secret":"x","secret":"${plain}"}`],
    ['a number for a secret', 400, '{"secret":1}'],
    ['null for a secret', 400, '{"secret":null}'],
    ['a cost below 0', 400, `${open},"cost":-1}`],
    ['a fraction', 400, `${open},"cost":{"tokens":0.5}}`],
    ['a cost beyond 2^53', 400, `${open},"cost":1e300}`],
    ['a cost of infinity', 400, `${open},"cost":1e999}`],
    ['a cost in words', 400, `${open},"cost":"1"}`],
    ['a name in capitals', 400, `${open},"cost":{"Tokens":1}}`],
    ['nine names', 400, `${open},"cost":{${[...'abcdefghi'].map((name) => `"${name}":1`)}}}`],
    ['a name in both', 400, `${open},"cost":{"tokens":1},"reserve":{"tokens":1}}`],
    ['requests in reserve', 400, `${open},"reserve":{"requests":1}}`],
    ['a time without a reserve', 400, `${open},"reserveSeconds":1}`],
    ['an empty reserve', 400, `${open},"reserve":{}}`],
    ['no address', 400, `${open},"ip":"1.2.3"}`],
    ['a word for an address', 400, `${open},"ip":"localhost"}`],
    ['a zone', 400, `${open},"ip":"fe80::1%eth0"}`],
    ['NUL in a model', 400, `${open},"model":"a\\u0000"}`],
    ['NUL between the fields', 400, `${open}\u0000}`],
    ['half a character in a permission', 400, `${open},"permissions":["\\ud800"]}`],
    ['16,384 bytes', 200, padded(16_384)],
    ['16,385 bytes', 413, padded(16_385)],
    ['100,000 bytes', 413, padded(100_000)],
  ]
  for (const [what, status, body] of bodies) {
    const answer = await expectSame(what, { body })
    expect([what, answer.status]).toEqual([what, status])
  }
})

test('every other header, method and path is answered the same', async () => {
  const body = question(secrets.plain)
  const type = (value: string): Request => ({ body, headers: [['Content-Type', value]] })
  const named = (value: string): Request => ({ body, headers: [['Idempotency-Key', value]] })
  const requests: [what: string, status: number, request: Request][] = [
    ['a charset', 200, type('application/json; charset=utf-8')],
    ['a type in capitals', 200, type('Application/JSON')],
    ['another type', 415, type('text/plain')],
    ['a type of the same end', 415, type('application/problem+json')],
    ['no type', 415, type('NONE')],
    ['an empty type', 415, type('')],
    ['two types', 415, { body, headers: [JSON_TYPE, ['Content-Type', 'text/plain']] }],
    ['no length', 200, { body, headers: [['Transfer-Encoding', 'chunked']] }],
    [
      '16,385 bytes of no length',
      413,
      {
        body: body.padEnd(16_385),
        headers: [['Transfer-Encoding', 'chunked']],
      },
    ],
    ['no body', 400, {}],
    ['a compressed body', 400, { body: '\x1f\x8b\b\0', headers: [['Content-Encoding', 'gzip']] }],
    [
      'an expectation',
      200,
      {
        body,
        headers: [
          ['X-Forwarded-For', '1.2.3.4'],
          ['Accept', 'x'],
        ],
      },
    ],
    [
      'another id and version',
      200,
      {
        body,
        headers: [
          ['X-Request-Id', 'mine'],
          ['Accept-Version', '2'],
          ['Origin', 'https://evil.test'],
        ],
      },
    ],
    ['another method in a header', 200, { body, headers: [['X-HTTP-Method-Override', 'GET']] }],
    ['an upgrade', 200, { body, headers: [['Upgrade', 'websocket']] }],
    ['a name for the request', 200, named('a-name')],
    ['no name for the request', 400, named('')],
    ['a name of two words', 400, named('a b')],
    ['a name of 256 characters', 400, named('x'.repeat(256))],
    [
      'two names',
      400,
      {
        body,
        headers: [
          ['Idempotency-Key', 'a'],
          ['Idempotency-Key', 'b'],
        ],
      },
    ],
    ['HEAD', 404, { method: 'HEAD' }],
    ['GET', 404, { method: 'GET' }],
    ['OPTIONS', 404, { method: 'OPTIONS', headers: [['Content-Type', 'NONE']] }],
    ['PUT', 404, { method: 'PUT', body }],
    ['a query', 400, { target: '/v1/verify?a=1', body }],
    ['an empty query', 200, { target: '/v1/verify?', body }],
    ['a secret in the query', 400, { target: `/v1/verify?key=${secrets.plain}`, body }],
    ['a slash at the end', 404, { target: '/v1/verify/', body }],
    ['capitals', 404, { target: '/V1/verify', body }],
    ['an escaped letter', 200, { target: '/v1/%76erify', body }],
    ['two slashes', 404, { target: '//v1/verify', body }],
  ]
  for (const [what, status, request] of requests) {
    const isHead = request.method === 'HEAD'
    const expected = await byFramework(service, withToken(request))
    const answer = await overNetwork(url, withToken(request))
    expect([what, answer.status]).toEqual([what, status])
    expect(answer, what).toEqual(isHead ? { ...expected, body: '' } : expected)
  }
})
