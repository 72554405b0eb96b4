import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, serve } from './_process.ts'
import { type RawAnswer, rawRequest, sendRaw } from './_raw-http.ts'
import { tempFolder } from './_service.ts'

// What no HTTP library would send, byte by byte on real sockets to the real process: broken
// Authorization headers (R14), odd paths (R11), odd content types and framing (R41). Never a 5xx, and
// never a success without a valid token.

let server: RunningServer
let dataDir: string
let key: { id: string }

beforeAll(async () => {
  dataDir = tempFolder()
  server = await serve({ dataDir, settings: { KEYSMITH_TRUSTED_PROXIES: '127.0.0.0/8' } })
  const created = await fetch(`${server.url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: '{"name":"x"}',
  })
  key = ((await created.json()) as { key: { id: string } }).key
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  rmSync(dataDir, { recursive: true })
  rmSync(`${dataDir}.bootstrap-token`)
})

let addresses = 0

/** Each request comes from an address of its own, so that none meets the shield against guessing. */
function fromNewAddress(request: Parameters<typeof rawRequest>[0]): Buffer {
  addresses += 1
  const address = `10.0.${addresses >> 8}.${addresses & 255}`
  const headers = [...(request.headers ?? []), ['X-Forwarded-For', address] as const]
  return rawRequest({ ...request, headers })
}

const send = (request: Parameters<typeof rawRequest>[0]) =>
  sendRaw(server.url, fromNewAddress(request))
const bearer = () => ['Authorization', `Bearer ${server.token}`] as const

function withoutSecret({ text }: RawAnswer): void {
  expect(text).not.toContain(server.token.slice(30, 50))
}

/** Headers by what is wrong with them; `TOKEN` is a valid token. */
const BAD_AUTHORIZATION: [what: string, values: string[], statuses: number[]][] = [
  ['none', [], [401]],
  ['empty', [''], [401]],
  ['spaces', ['   '], [401]],
  ['the scheme alone', ['Bearer'], [401]],
  ['the scheme and a space', ['Bearer '], [401]],
  ['the token alone', ['TOKEN'], [401]],
  ['no space', ['BearerTOKEN'], [401]],
  ['a colon', ['Bearer: TOKEN'], [401]],
  ['a tab', ['Bearer\tTOKEN'], [401]],
  ['two tokens', ['Bearer TOKEN TOKEN'], [401]],
  ['two tokens with a comma', ['Bearer TOKEN,TOKEN'], [401]],
  ['two credentials', ['Bearer TOKEN, Bearer TOKEN'], [401]],
  ['the scheme twice', ['Bearer Bearer TOKEN'], [401]],
  ['two headers', ['Bearer TOKEN', 'Bearer TOKEN'], [400, 401]],
  ['a good header and a bad one', ['Bearer TOKEN', 'Bearer x'], [400, 401]],
  ['a bad header and a good one', ['Bearer x', 'Bearer TOKEN'], [400, 401]],
  ['another scheme', ['Basic TOKEN'], [401]],
  ['an unknown scheme', ['ApiKey TOKEN'], [401]],
  ['parameters', ['Bearer token="TOKEN"'], [401]],
  ['quotes', ['Bearer "TOKEN"'], [401]],
  ['a trailing character', ['Bearer TOKENx'], [401]],
  ['one character less', ['Bearer TOKE', 'N'], [400, 401]],
  ['trailing equal signs', ['Bearer TOKEN=='], [401]],
  ['lower case', ['Bearer LOWER'], [401]],
  ['a control character', ['Bearer TOKEN\x01'], [400, 401]],
  ['a NUL', ['Bearer \x00TOKEN'], [400, 401]],
  ['DEL', ['Bearer TOKEN\x7f'], [400, 401]],
  ['a byte over 0x7f', ['Bearer TOKEN\xff'], [400, 401]],
  ['UTF-8', ['Bearer \xf0\x9f\x94\x91'], [400, 401]],
  ['a no-break space', ['Bearer\xa0TOKEN'], [400, 401]],
  ['a folded line', ['Bearer\r\n TOKEN'], [400, 401]],
  ['300 characters', [`Bearer ${'a'.repeat(300)}`], [401]],
  ['15,000 characters', [`Bearer ${'a'.repeat(15_000)}`], [401]],
  ['15,000 spaces', [`Bearer${' '.repeat(15_000)}x`], [401]],
  ['100,000 characters', [`Bearer ${'a'.repeat(100_000)}`], [431]],
]

test('no broken Authorization header is accepted, and none breaks anything', async () => {
  for (const [what, values, statuses] of BAD_AUTHORIZATION) {
    const headers = values.map((value) => {
      const text = value.replaceAll('TOKEN', server.token)
      return ['Authorization', text.replace('LOWER', server.token.toLowerCase())] as const
    })
    for (const target of ['/v1/whoami', '/v1/keys']) {
      const answer = await send({ target, headers })
      expect(statuses, `${what}: ${answer.text}`).toContain(answer.status)
      withoutSecret(answer)
      if (answer.status === 401) {
        const challenge = values.length === 0 ? 'Bearer' : 'Bearer error="invalid_token"'
        expect(answer.headers['www-authenticate'], what).toBe(challenge)
        expect(JSON.parse(answer.body).code).toBe('unauthenticated')
      }
    }
  }
})

test('a request that is no HTTP gets a problem document too, and repeats nothing', async () => {
  const marker = 'marker-of-the-request'
  for (const [headers, status, code] of [
    [[['X-Marker', `${marker}\x00`]], 400, 'invalid_request'],
    [[['X-Marker', marker.repeat(10_000)]], 431, 'headers_too_large'],
  ] as const) {
    const answer = await send({ target: '/v1/keys', headers })
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': JSON.parse(answer.body).requestId,
    })
    expect(JSON.parse(answer.body)).toMatchObject({ status, code })
    expect(answer.text).not.toContain(marker)
  }
})

test('the scheme is read in any case, with one space or more', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer  ', ' Bearer']) {
    const headers = [['Authorization', `${scheme} ${server.token} `]] as const
    expect((await send({ target: '/v1/whoami', headers })).status, scheme).toBe(200)
  }
})

test('a token counts in no other place', async () => {
  const elsewhere = ['X-Api-Key', 'Cookie', 'Proxy-Authorization', 'X-Authorization', 'Token']
  for (const name of elsewhere) {
    for (const value of [server.token, `Bearer ${server.token}`, `token=${server.token}`]) {
      const answer = await send({ target: '/v1/whoami', headers: [[name, value]] })
      expect([name, answer.status]).toEqual([name, 401])
      withoutSecret(answer)
    }
  }
  for (const name of ['access_token', 'token', 'authorization', 'api_key']) {
    const answer = await send({ target: `/v1/whoami?${name}=${server.token}` })
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'secret_in_url'])
    withoutSecret(answer)
  }
})

/** Targets that mean a protected route, or might to somebody. */
const PROTECTED_TARGETS = [
  ...['/v1/keys', '/v1/keys/', '//v1/keys', '/v1//keys', '/v1/keys//', '///v1/keys'],
  ...['/./v1/keys', '/v1/./keys', '/v1/../v1/keys', '/livez/../v1/keys', '/docs/../v1/keys'],
  ...[
    '/livez/..%2fv1/keys',
    '/livez%2f..%2fv1%2fkeys',
    '/v1%2fkeys',
    '/v1/keys%2f',
    '/%2e/v1/keys',
  ],
  ...[
    '/%76%31/keys',
    '/v1/%6beys',
    '/v1/%256beys',
    '/V1/KEYS',
    '/v1/Keys',
    '/v1/keys%00',
    '/v1/keys%20',
  ],
  ...[
    '/v1/keys%0d%0a',
    '/v1/keys;a=b',
    '/v1/keys;/livez',
    '/v1/keys#/livez',
    '/v1/keys?',
    '/v1/keys??',
  ],
  ...[
    '/v1/keys?/livez',
    '/v1/keys/.',
    '/v1/keys/..',
    '/v1/keys/%2e%2e',
    '/v1/keys/%2e%2e%2f',
    '/v1/keys/KEY',
  ],
  ...[
    '/v1/keys/KEY/',
    '/v1/keys/KEY%00',
    '/v1/keys/KEY;x',
    '/v1/keys/%',
    '/v1/keys/%zz',
    '/v1/keys/%c0%ae',
  ],
  ...[
    '/v1/keys/%ff%fe',
    '/v1/keys/%u0041',
    '/v1\\keys',
    '/\\v1/keys',
    '/v1/keys\\',
    '/v1/keys.json',
  ],
  ...[
    '/v1/keys/KEY%2frotate',
    '/v1/keys/livez',
    '/v1/keys/..%2f..%2flivez',
    '/v1/keys/*',
    '/*',
    '*',
  ],
  ...['http://localhost/v1/keys', 'http://localhost//v1/keys', 'http://evil.test/v1/keys'],
  ...[
    'https://localhost/v1/keys',
    'http://livez/v1/keys',
    'http://a@b/v1/keys',
    'HTTP://X/v1/keys',
  ],
  ...['http:///v1/keys', '//evil.test/v1/keys', 'v1/keys', '?', '#', '/control/audit-chain'],
  ...['/control/../control/audit-chain', '//control/audit-chain', '/%63ontrol/audit-chain'],
  ...[`/v1/keys/${'a'.repeat(128)}`, `/v1/keys/${'a'.repeat(129)}`, `/v1/keys/${'a'.repeat(2000)}`],
  ...[
    `/${'a/'.repeat(4000)}`,
    `/v1/keys/${'%41'.repeat(1000)}`,
    `/v1/keys?limit=${'1'.repeat(9000)}`,
  ],
  ...[`/v1/keys/${'../'.repeat(2000)}livez`, `/${'%2e%2e%2f'.repeat(500)}v1/keys`],
  `/v1/keys/${'a'.repeat(20_000)}`,
]

test('no spelling of a path opens a protected route without a token, or breaks anything', async () => {
  for (const template of PROTECTED_TARGETS) {
    const target = template.replace('KEY', key.id)
    const label = target.slice(0, 60)
    for (const method of ['GET', 'POST', 'HEAD']) {
      const answer = await send({ method, target })
      expect([400, 401, 404, 431], `${method} ${label}: ${answer.body}`).toContain(answer.status)
    }
    const withToken = await send({ target, headers: [bearer()] })
    expect(withToken.status, `${label}: ${withToken.body}`).toBeLessThan(500)
    withoutSecret(withToken)
  }
})

test('every answer of the application has its own request id and may not be kept', async () => {
  const targets = ['/livez', '/v1/keys', '/nothing', '/v1/keys/%', `/v1/keys/${'a'.repeat(200)}`]
  const ids = new Set<string>()
  for (const target of targets) {
    const answer = await send({ target, headers: [['X-Request-Id', 'chosen-by-the-caller']] })
    const id = answer.headers['x-request-id'] ?? ''
    expect(id, `${target}: ${answer.text}`).toMatch(/^[0-9a-z]+-[0-9a-z]+$/)
    expect(answer.headers['cache-control'], target).toBe('no-store')
    expect(answer.headers['x-content-type-options'], target).toBe('nosniff')
    if (answer.status >= 400) expect(JSON.parse(answer.body).requestId).toBe(id)
    ids.add(id)
  }
  expect(ids.size).toBe(targets.length)
})

test('an absolute form of another host leads to no other rights', async () => {
  const answer = await send({ target: 'http://evil.test/livez' })
  expect([200, 404]).toContain(answer.status)
  for (const target of ['http://evil.test/v1/whoami', 'http://127.0.0.1/v1/whoami']) {
    expect((await send({ target, headers: [['X-Original-URL', '/livez']] })).status).toBe(401)
  }
  for (const name of [
    'X-HTTP-Method-Override',
    'X-Method-Override',
    'X-Original-URL',
    'X-Rewrite-URL',
  ]) {
    const headers = [[name, name.includes('URL') ? '/livez' : 'GET']] as const
    expect((await send({ target: '/v1/whoami', headers })).status).toBe(401)
  }
})

const TYPES = [
  ...[
    'application/json\t',
    'application/json\t;charset=utf-8',
    '\tapplication/json',
    'application/json\x0b',
  ],
  ...[
    'application/json\xa0',
    'application/json\xa0;x',
    'application/json \t text/plain',
    'text/plain\tapplication/json',
  ],
  ...[
    'application/json;\tcharset=utf-8',
    'application\t/json',
    'application/\tjson',
    'application/json\x00',
  ],
  ...[
    'text/plain;application/json',
    'text/plain; type="application/json"',
    '',
    ' ',
    ';',
    'x'.repeat(5000),
  ],
]

test('no content type on the wire leads past the schema', async () => {
  const body = '{"name":"x","userId":1}'
  for (const type of TYPES) {
    const answer = await send({
      method: 'POST',
      target: '/v1/keys',
      headers: [bearer(), ['Content-Type', type]],
      body,
    })
    expect([400, 415], `${JSON.stringify(type)}: ${answer.text}`).toContain(answer.status)
  }
  const twice = [
    ['Content-Type', 'application/json'],
    ['Content-Type', 'text/plain'],
  ] as const
  for (const headers of [twice, twice.toReversed()]) {
    const answer = await send({
      method: 'POST',
      target: '/v1/keys',
      headers: [bearer(), ...headers],
      body,
    })
    expect([400, 415], answer.text).toContain(answer.status)
  }
})

const JSON_TYPE = ['Content-Type', 'application/json'] as const

/** Frames of a body that two parsers could read in two ways, and bodies that are not what they say. */
const FRAMES: [what: string, headers: [string, string][], body: string][] = [
  [
    'two lengths',
    [
      ['Content-Length', '2'],
      ['Content-Length', '12'],
    ],
    '{"name":"x"}',
  ],
  [
    'length and chunks',
    [
      ['Content-Length', '2'],
      ['Transfer-Encoding', 'chunked'],
    ],
    '0\r\n\r\n',
  ],
  ['a negative length', [['Content-Length', '-1']], '{}'],
  ['a length in hex', [['Content-Length', '0x2']], '{}'],
  ['a length with a sign', [['Content-Length', '+2']], '{}'],
  ['an unknown coding', [['Transfer-Encoding', 'xchunked']], '{}'],
  ['chunked twice', [['Transfer-Encoding', 'chunked, chunked']], '0\r\n\r\n'],
  ['a chunk of no size', [['Transfer-Encoding', 'chunked']], 'x\r\n{}\r\n0\r\n\r\n'],
  ['a huge chunk', [['Transfer-Encoding', 'chunked']], 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
  [
    'a compressed body',
    [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '4'],
    ],
    '\x1f\x8b\x08\x00',
  ],
  ['a space before the colon', [['Content-Length ', '2']], '{}'],
  ['UTF-16', [['Content-Length', '6']], '\xff\xfe{\x00}\x00'],
]

test('a body that is framed in two ways, or is no text, is refused', async () => {
  for (const [what, headers, body] of FRAMES) {
    const head = rawRequest({
      method: 'POST',
      target: '/v1/keys',
      headers: [bearer(), JSON_TYPE, ...headers],
    })
    const request = Buffer.concat([head, Buffer.from(body, 'latin1')])
    const answer = await sendRaw(server.url, request)
    expect(answer.status, `${what}: ${answer.text}`).toBeGreaterThanOrEqual(400)
    expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(500)
    expect(answer.text.split('HTTP/1.1 ').length, `${what}: answers`).toBe(2)
  }
})

test('a body without an announced length is counted while it comes, and an announced one before', async () => {
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
  for (const target of ['/v1/keys', '/v1/verify']) {
    for (const [header, body] of [
      [['Transfer-Encoding', 'chunked'], `${chunk.repeat(7)}0\r\n\r\n`],
      [['Content-Length', '20000'], ''],
    ] as const) {
      const headers = [bearer(), JSON_TYPE, header]
      const head = rawRequest({ method: 'POST', target, headers })
      const answer = await sendRaw(server.url, Buffer.concat([head, Buffer.from(body)]))
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'too_large'])
    }
  }
})

test('after all of this the process answers as before, and logged no failure of its own', async () => {
  expect((await send({ target: '/v1/whoami', headers: [bearer()] })).status).toBe(200)
  const { stdout, stderr } = server.output()
  expect(stderr).toBe('')
  expect(stdout).not.toMatch(/"level":"(?:error|fatal)"/)
  expect(stdout).not.toContain(server.token.slice(30, 50))
  expect(stdout).not.toContain('evil.test')
})
