import { createConnection } from 'node:net'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type LiveRoute, liveRoutes } from './_routes.ts'
import { createKey, createToken, startService, type TestService } from './_service.ts'

// The outer shield of the management API: so many requests per minute and address, whoever sends them. It
// never stands in the way of a verification, a probe or a command of the machine.

const MAX = 5
const ADDRESS = '203.0.113.1'

interface Asked {
  address?: string
  token?: string
  path?: string
  method?: 'GET' | 'POST'
  payload?: object
}

async function call(service: TestService, options: Asked = {}) {
  const { address = ADDRESS, token = service.rootToken, path = '/v1/keys' } = options
  const { method = 'GET', payload } = options
  const { statusCode, headers, body } = await service.app.inject({
    method,
    url: path,
    remoteAddress: address,
    headers: { authorization: `Bearer ${token}` },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: statusCode, headers, body }
}

async function statuses(service: TestService, times: number, options: Asked = {}) {
  const answers: number[] = []
  for (let round = 0; round < times; round += 1) {
    answers.push((await call(service, options)).status)
  }
  return answers
}

const start = (
  managementPerMinute: number | null = MAX,
  rest: Parameters<typeof startService>[0] = {},
) => startService({ ...rest, config: { managementPerMinute, ...rest.config } })

const ok = (times: number) => Array(times).fill(200)

test('beyond its number an address gets 429 with a time to wait, as a problem document', async () => {
  const service = await start()
  expect(await statuses(service, MAX)).toEqual(ok(MAX))
  const { status, headers, body } = await call(service)
  expect(status).toBe(429)
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(JSON.parse(body)).toMatchObject({
    type: 'urn:keysmith:error:rate_limited',
    code: 'rate_limited',
    status: 429,
    detail: expect.stringContaining('Retry-After'),
  })
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60)
  expect(Object.keys(headers).filter((name) => name.includes('ratelimit'))).toEqual([])
})

/** What gateways ask on the way of their own callers. */
const isHot = ({ url }: LiveRoute) => url === '/v1/verify' || url.startsWith('/v1/reservations/')

test('all management routes count together and every one is refused, what gateways ask is not', async () => {
  const service = await start()
  const { key } = await createKey(service)
  await statuses(service, MAX + 1)
  const routes = liveRoutes(service).filter(
    ({ access }) => access !== 'public' && access !== 'local',
  )
  expect(routes.length).toBeGreaterThan(20)
  for (const route of routes) {
    const { method, url } = route
    const path = url.replace(':id', key.id)
    const { status } = await call(service, { method: method as 'GET', path })
    expect([method, url, status === 429]).toEqual([method, url, !isHot(route)])
  }
  expect(await statuses(service, 2, { address: '203.0.113.2' })).toEqual(ok(2))
})

test('no answer before says how much is left', async () => {
  const service = await start()
  const [first, second] = [await call(service), await call(service)]
  expect(Object.keys(first.headers)).toEqual(Object.keys(second.headers))
  expect(Object.keys(first.headers).filter((name) => name.includes('ratelimit'))).toEqual([])
})

test('verifications, probes and the API description pass, and are not counted', async () => {
  const service = await start()
  const { secret } = await createKey(service)
  const question: Asked = { method: 'POST', path: '/v1/verify', payload: { secret } }
  const others: Asked[] = ['/livez', '/readyz', '/openapi.json', '/docs'].map((path) => ({ path }))
  for (const asked of [question, ...others]) {
    expect(await statuses(service, 3 * MAX, asked)).toEqual(ok(3 * MAX))
  }
  expect(await statuses(service, MAX + 1)).toEqual([...ok(MAX), 429])
  for (const asked of [question, ...others]) {
    expect(await statuses(service, 2, asked)).toEqual(ok(2))
  }
})

test('an IPv6 address is counted with its /64', async () => {
  const service = await start()
  for (let host = 1; host <= MAX; host += 1) {
    expect(await statuses(service, 1, { address: `2001:db8:1:2::${host}` })).toEqual([200])
  }
  expect(await statuses(service, 1, { address: '2001:db8:1:2:ffff::' })).toEqual([429])
  expect(await statuses(service, 1, { address: '2001:db8:1:3::1' })).toEqual([200])
})

test('failed authentications are counted apart: neither shield fills the other', async () => {
  const service = await start(MAX, { maxAuthFailuresPerMinute: MAX })
  const wrong = { token: generateKey({ brand: 'ks', kind: 'root' }).secret }
  expect(await statuses(service, MAX + 1, wrong)).toEqual([...Array(MAX).fill(401), 429])
  // Who was refused for his token has used none of the other number, and the reverse.
  expect(await statuses(service, MAX + 1)).toEqual([...ok(MAX), 429])
  const other = { address: '203.0.113.2' }
  expect(await statuses(service, MAX + 1, other)).toEqual([...ok(MAX), 429])
  expect(await statuses(service, MAX + 1, { ...other, ...wrong })).toEqual([
    ...Array(MAX).fill(401),
    429,
  ])
})

test('what is refused for its token is not counted: it was turned away before', async () => {
  const service = await start()
  const { secret: token } = await createToken(service, { permissions: [] })
  expect(await statuses(service, 3 * MAX, { token })).toEqual(Array(3 * MAX).fill(403))
  expect(await statuses(service, MAX + 1, { token, path: '/v1/whoami' })).toEqual([...ok(MAX), 429])
})

test('10,000 other addresses do not make it forget one that is shut out', async () => {
  // However long this takes: the window does not end.
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const service = await start()
  const address = '2001:db8:ffff:ffff::1'
  const path = '/v1/whoami'
  expect(await statuses(service, MAX + 1, { address, path })).toEqual([...ok(MAX), 429])
  for (let block = 0; block < 100; block += 1) {
    const others = Array.from({ length: 100 }, (_, host) =>
      call(service, { address: `2001:db8:${block.toString(16)}:${host}::1`, path }),
    )
    for (const { status } of await Promise.all(others)) expect(status).toBe(200)
  }
  expect(await statuses(service, 1, { address, path })).toEqual([429])
})

test('commands of the machine are never refused, nor counted for anybody', async () => {
  const service = await start()
  await service.openControlSocket()
  const path = join(service.dataDir, 'control.sock')
  for (let round = 0; round < 3 * MAX; round += 1) {
    expect(await askLocally(path, '/v1/keys')).toBe(200)
  }
  expect(await statuses(service, MAX)).toEqual(ok(MAX))
})

/** The status of one request over the control socket. */
function askLocally(socketPath: string, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => resolve(Number(text.split(' ')[1])))
    socket.on('error', reject)
    socket.end(`GET ${url} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  })
}

test('3,000 requests, 30 at a time, as Terraform asks for 1,000 keys, pass under the default number', async () => {
  const service = await startService()
  for (let round = 0; round < 100; round += 1) {
    const batch = Array.from({ length: 30 }, (_, index) =>
      call(service, { path: index % 3 === 0 ? '/v1/keys?limit=1' : '/v1/whoami' }),
    )
    for (const { status } of await Promise.all(batch)) expect(status).toBe(200)
  }
})

test('switched off there is no number', async () => {
  const service = await start(null)
  expect(await statuses(service, 10 * MAX)).toEqual(ok(10 * MAX))
})
