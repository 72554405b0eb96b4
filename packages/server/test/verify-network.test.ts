import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { StorageUnavailable } from '../src/store/key-store.ts'
import { ask, createKey, createToken, startService, type TestService, verify } from './_service.ts'
import {
  byFramework,
  bytesOf,
  type Comparable,
  keptOpen,
  listen,
  overNetwork,
  question,
  type Request,
} from './_two-ways.ts'

// Verifications over the network: which of them pass the framework by, and that on this way too nothing is let through,
// lost or mixed up. `verify-short-way.test.ts` compares the answers.

let service: TestService
let url: string
/** Secret of a key without limits. */
let plain: string

beforeAll(async () => {
  service = await startService({ closeItself: false })
  url = await listen(service)
  plain = (await createKey(service)).secret
})
afterAll(() => service.close())

const send = (request: Request) => overNetwork(url, { token: service.rootToken, ...request })

/** The answer over the network, which is that of the framework. */
async function same(request: Request): Promise<Comparable> {
  const expected = await byFramework(service, { token: service.rootToken, ...request })
  expect(await send(request)).toEqual(expected)
  return expected
}

/** How many verifications reach the framework while this runs. */
async function reachFramework(run: () => Promise<unknown>): Promise<number> {
  let count = 0
  const onRequest = () => {
    count += 1
  }
  subscribe('tracing:fastify.request.handler:start', onRequest)
  await run().finally(() => unsubscribe('tracing:fastify.request.handler:start', onRequest))
  return count
}

/** A token is remembered for a second: this one begins now, however slow the machine is. */
async function rememberToken(): Promise<void> {
  service.deps.rowCache.drop({ kind: 'project', id: '' })
  await ask(service, 'GET', '/v1/whoami')
}

test('a plain verification passes the framework by, and what is not plain does not', async () => {
  const body = question(plain)
  const unseen = (await createKey(service, { quotas: { tokens: { limit: 9, period: 'day' } } }))
    .secret
  const requests: Request[] = [
    { body },
    { body: question('x') },
    { body: question(unseen, { cost: { tokens: 1 } }) },
    { body: question(unseen, { cost: { tokens: 9 } }) },
    { body, headers: [['Idempotency-Key', 'plain']] },
  ]
  for (const request of requests) {
    await rememberToken()
    expect(await reachFramework(() => send(request)), String(request.body)).toBe(0)
  }
  expect(await reachFramework(() => byFramework(service, { body, token: service.rootToken }))).toBe(
    1,
  )
  const charset: Request = { body, headers: [['Content-Type', 'application/json;charset=utf-8']] }
  expect(await reachFramework(() => send(charset))).toBe(1)
  const { secret: token } = await createToken(service)
  expect(await reachFramework(() => overNetwork(url, { body, token }))).toBe(1)
  expect(await reachFramework(() => overNetwork(url, { body, token }))).toBe(0)
})

test('a token and a key that are revoked are refused from the next request on', async () => {
  const { token, secret } = await createToken(service)
  const issued = await createKey(service)
  const body = question(issued.secret)
  const code = async () => JSON.parse((await overNetwork(url, { body, token: secret })).body).code
  expect([await code(), await code()]).toEqual(['valid', 'valid'])
  await ask(service, 'POST', `/v1/keys/${issued.key.id}/disable`)
  expect(await code()).toBe('disabled')
  await ask(service, 'POST', `/v1/keys/${issued.key.id}/enable`)
  expect(await code()).toBe('valid')
  await ask(service, 'POST', `/v1/keys/${issued.key.id}/revoke`, { body: {} })
  expect(await code()).toBe('revoked')
  await ask(service, 'DELETE', `/v1/tokens/${token.id}`)
  expect(await code()).toBe('unauthenticated')
})

test('a failing storage is answered the same, and nothing is counted', async () => {
  const { key, secret } = await createKey(service, {
    rateLimits: { requests: { limit: 1, windowSeconds: 60 } },
    quotas: { tokens: { limit: 10, period: 'none' } },
  })
  const { store } = service.deps
  const failing = () => Promise.reject(new StorageUnavailable('the disk is full'))
  const charge = vi.spyOn(store, 'charge').mockImplementation(failing)
  const body = question(secret, { cost: { tokens: 1 } })
  const refused = await same({ body })
  charge.mockRestore()
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
  const find = vi.spyOn(store, 'findForVerification').mockImplementation(failing)
  const unseen = generateKey({ brand: 'ks', kind: 'live' }).secret
  expect((await same({ body: question(unseen) })).status).toBe(503)
  find.mockRestore()
  const answer = await send({ body })
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'valid', remaining: { tokens: 9 } })
  const { quotas } = (await ask(service, 'GET', `/v1/keys/${key.id}`)).body
  expect(quotas.tokens).toMatchObject({ used: 1, reserved: 0 })
})

test('failed authentications count, whichever way the good ones go', async () => {
  const shielded = await startService({ maxAuthFailuresPerMinute: 2 })
  const from = await listen(shielded)
  const { secret } = await createKey(shielded)
  const send = async (token: string) =>
    (await overNetwork(from, { body: question(secret), token })).status
  const answers: number[] = []
  for (const token of [shielded.rootToken, 'x', secret, 'y', shielded.rootToken]) {
    answers.push(await send(token))
  }
  expect(answers).toEqual([200, 401, 401, 429, 200])
})

test('a service that stops answers the same: not now', async () => {
  const stopping = await startService()
  const from = await listen(stopping)
  const { secret } = await createKey(stopping)
  const request: Request = { body: question(secret), token: stopping.rootToken }
  expect((await overNetwork(from, request)).status).toBe(200)
  stopping.drain()
  const refused = await byFramework(stopping, request)
  expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'draining'])
  expect(await overNetwork(from, request)).toEqual(refused)
})

/** A connection that stays open, with all that came back on it. */
async function open(): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1')
  })
  await once(socket, 'connect')
  return { socket, received: () => received }
}

test('requests in one row on a connection are answered in their order, each its own', async () => {
  const { secret } = await createKey(service, { quotas: { tokens: { limit: 5, period: 'none' } } })
  await ask(service, 'GET', '/v1/whoami')
  const { socket, received } = await open()
  const bodies = [
    question(secret, { cost: { tokens: 5 } }),
    question('x'),
    '{}',
    question(secret, { cost: { tokens: 1 } }),
    question(plain),
  ]
  const rest = bodies.slice(0, -1).map((body) => keptOpen({ token: service.rootToken, body }))
  socket.write(
    Buffer.concat([...rest, bytesOf({ token: service.rootToken, body: bodies.at(-1) ?? '' })]),
  )
  await once(socket, 'close')
  const codes = [...received().matchAll(/"code":"(\w+)"/g)].map(([, code]) => code)
  expect(codes).toEqual(['valid', 'malformed', 'invalid_request', 'quota_exhausted', 'valid'])
})

test('a body in two pieces is one body', async () => {
  const request = bytesOf({ token: service.rootToken, body: question(plain) })
  await ask(service, 'GET', '/v1/whoami')
  const { socket, received } = await open()
  socket.write(request.subarray(0, -20))
  await verify(service, plain)
  await send({ body: question(plain) })
  expect(received()).toBe('')
  socket.write(request.subarray(-20))
  await once(socket, 'close')
  expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(received()).toContain('"code":"valid"')
})

test('a caller who goes away, in his body or before the answer, disturbs nobody', async () => {
  const { key, secret } = await createKey(service, {
    quotas: { tokens: { limit: 5, period: 'none' } },
  })
  const request = keptOpen({
    token: service.rootToken,
    body: question(secret, { cost: { tokens: 1 } }),
  })
  await ask(service, 'GET', '/v1/whoami')
  const { server } = service.app
  for (const bytes of [request.subarray(0, -20), request]) {
    const accepted = once(server, 'connection')
    const { socket } = await open()
    const [connection] = (await accepted) as [Socket]
    const arrived = once(server, 'request')
    socket.write(bytes)
    await arrived
    socket.resetAndDestroy()
    await new Promise((resolve) => connection.once('close', resolve))
  }
  // Charges are written in their order: the one before is on disk, too.
  expect(await verify(service, secret, { cost: { tokens: 1 } })).toMatchObject({ valid: true })
  const { quotas } = (await ask(service, 'GET', `/v1/keys/${key.id}`)).body
  expect(quotas.tokens).toMatchObject({ used: 2, reserved: 0 })
})
