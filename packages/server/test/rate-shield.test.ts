import { generateKey } from '@keysmith/key-format'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createKey, createToken, startService, type TestService, verify } from './_service.ts'

// The shield against guessing: who fails to authenticate too often from one address gets 429. It never
// stands in the way of a valid token, and nobody chooses the address he is counted under (R29, R30).

const MAX = 5

interface Caller {
  address?: string
  forwardedFor?: string
  token?: string | null
  path?: string
}

async function call(service: TestService, options: Caller = {}) {
  const { address = '203.0.113.1', forwardedFor, path = '/v1/whoami' } = options
  const { token = generateKey({ brand: 'ks', kind: 'root' }).secret } = options
  const { statusCode, headers, body } = await service.app.inject({
    url: path,
    remoteAddress: address,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    },
  })
  return { status: statusCode, headers, body: JSON.parse(body) }
}

async function statuses(service: TestService, times: number, options: Caller = {}) {
  const answers: number[] = []
  for (let round = 0; round < times; round += 1) {
    answers.push((await call(service, options)).status)
  }
  return answers
}

const start = (trustedProxies: string[] = []) =>
  startService({ maxAuthFailuresPerMinute: MAX, config: { trustedProxies } })

const FAILURES = Array(MAX).fill(401)

test('failures from one address end in 429 with a time to wait, whatever was wrong', async () => {
  const service = await start()
  const { secret } = await createKey(service)
  const wrong = [null, 'x', secret, generateKey({ brand: 'ks', kind: 'root' }).secret, '']
  for (const token of wrong) expect((await call(service, { token })).status).toBe(401)
  const refused = await call(service)
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
  for (const path of ['/v1/keys', '/v1/keys/0000000000000001', '/v1/meta']) {
    expect((await call(service, { path })).status).toBe(429)
  }
})

test('a valid token passes from an address that is shut out, and a probe too', async () => {
  const service = await start()
  const { secret } = await createKey(service)
  expect(await statuses(service, MAX + 1)).toEqual([...FAILURES, 429])
  const token = service.rootToken
  expect(await statuses(service, 3 * MAX, { token })).toEqual(Array(3 * MAX).fill(200))
  expect((await call(service, { path: '/livez', token: null })).status).toBe(200)
  expect((await verify(service, secret)).code).toBe('valid')
  expect(await statuses(service, 1)).toEqual([429])
})

test('successes and refused permissions are no failures', async () => {
  const service = await start()
  const { secret: token } = await createToken(service, { permissions: [] })
  expect(await statuses(service, 3 * MAX, { token })).toEqual(Array(3 * MAX).fill(200))
  const forbidden = { token, path: '/v1/keys' }
  expect(await statuses(service, 3 * MAX, forbidden)).toEqual(Array(3 * MAX).fill(403))
  expect(await statuses(service, MAX + 1)).toEqual([...FAILURES, 429])
})

test('another address is not shut out', async () => {
  const service = await start()
  await statuses(service, MAX + 1, { address: '203.0.113.1' })
  expect(await statuses(service, 1, { address: '203.0.113.2' })).toEqual([401])
})

test('10,000 other addresses do not make it forget one that is shut out', async () => {
  // However long this takes: the window does not end.
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const service = await start()
  const address = '2001:db8:ffff:ffff::1'
  expect(await statuses(service, MAX + 1, { address })).toEqual([...FAILURES, 429])
  for (let block = 0; block < 100; block += 1) {
    const others = Array.from({ length: 100 }, (_, host) =>
      call(service, { address: `2001:db8:${block.toString(16)}:${host}::1`, token: null }),
    )
    for (const { status } of await Promise.all(others)) expect(status).toBe(401)
  }
  expect(await statuses(service, 1, { address })).toEqual([429])
})

describe('IPv6', () => {
  test('counts by /64: no number of addresses of one network helps', async () => {
    const service = await start()
    for (let host = 1; host <= MAX; host += 1) {
      const address = `2001:db8:1:2:${host}::${host}`
      expect(await statuses(service, 1, { address })).toEqual([401])
    }
    expect(await statuses(service, 1, { address: '2001:db8:1:2:ffff::' })).toEqual([429])
    expect(await statuses(service, 1, { address: '2001:DB8:1:2::' })).toEqual([429])
    expect(await statuses(service, 1, { address: '2001:db8:1:3::1' })).toEqual([401])
  })

  test('counts a mapped IPv4 address as that address, and not with its neighbours', async () => {
    const service = await start()
    expect(await statuses(service, MAX + 1, { address: '::ffff:203.0.113.1' })).toContain(429)
    expect(await statuses(service, 1, { address: '::ffff:203.0.113.2' })).toEqual([401])
    expect(await statuses(service, 1, { address: '203.0.113.1' })).toEqual([429])
  })
})

describe('X-Forwarded-For', () => {
  const proxy = '10.0.0.1'

  test('counts for nothing without a trusted proxy', async () => {
    const service = await start()
    const answers: number[] = []
    for (let host = 1; host <= MAX + 1; host += 1) {
      answers.push((await call(service, { forwardedFor: `198.51.100.${host}` })).status)
    }
    expect(answers).toEqual([...FAILURES, 429])
  })

  test('counts for nothing from an address that is not trusted', async () => {
    const service = await start(['10.0.0.0/8'])
    const answers: number[] = []
    for (let host = 1; host <= MAX + 1; host += 1) {
      const forwardedFor = `198.51.100.${host}`
      answers.push((await call(service, { address: '203.0.113.1', forwardedFor })).status)
    }
    expect(answers).toEqual([...FAILURES, 429])
  })

  test('names the caller when a trusted proxy sends it', async () => {
    const service = await start(['10.0.0.0/8'])
    const from = (forwardedFor: string) => ({ address: proxy, forwardedFor })
    expect(await statuses(service, MAX + 1, from('198.51.100.1'))).toEqual([...FAILURES, 429])
    expect(await statuses(service, 1, from('198.51.100.2'))).toEqual([401])
  })

  test('is read from the right: what the caller himself put in front is not believed', async () => {
    const service = await start(['10.0.0.0/8'])
    const answers: number[] = []
    for (let host = 1; host <= MAX + 1; host += 1) {
      const forwardedFor = `192.0.2.${host}, 198.51.100.1, 10.0.0.${host}`
      answers.push((await call(service, { address: proxy, forwardedFor })).status)
    }
    expect(answers).toEqual([...FAILURES, 429])
  })

  test('of any content breaks nothing, and is still counted', async () => {
    const service = await start(['10.0.0.0/8'])
    const contents = [
      ...[
        '',
        ' ',
        ',',
        ',,,',
        'unknown',
        '_hidden',
        '127.0.0.1:80',
        '[2001:db8::1]:80',
        '::',
        '%00',
      ],
      ...['999.1.1.1', '1.2.3', '0x7f.1', '-1', "'; --", '[', '::ffff:1.2.3.4', 'fe80::1%eth0'],
      'x'.repeat(3000),
    ]
    for (const forwardedFor of contents) {
      const answers = await statuses(service, MAX + 1, { address: proxy, forwardedFor })
      expect(answers.at(-1), forwardedFor.slice(0, 20)).toBe(429)
      for (const status of answers) expect([401, 429], forwardedFor).toContain(status)
    }
    const { headers } = await call(service, { token: service.rootToken, forwardedFor: '[' })
    expect(headers['x-request-id']).toBeDefined()
  })
})
