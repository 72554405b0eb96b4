import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, ConflictError, createClient } from '../src/index.ts'
import { acceptWith, answerWith, passOn, sendOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let keysmith: Keysmith
let direct: Client

beforeAll(async () => {
  keysmith = await startKeysmith()
  direct = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

const through = (baseUrl: string) =>
  createClient({ baseUrl, token: keysmith.token, verify: { precheck: 'off' } })

/** A tunnel to the service that can be cut. */
async function openTunnel(onRequest: (count: number, head: string) => 'pass' | 'reset') {
  let connections = 0
  let resets = 0
  const { port } = new URL(keysmith.url)
  const tunnel = await acceptWith((socket) => {
    connections += 1
    let requests = 0
    const upstream = connect(Number(port), '127.0.0.1')
    upstream.on('error', () => socket.destroy())
    upstream.on('data', (data) => socket.write(data))
    socket.on('close', () => upstream.destroy())
    socket.on('data', (data) => {
      // The body may come in a piece of its own.
      const head = data.toString()
      if (/^[A-Z]+ \//.test(head)) requests += 1
      if (onRequest(requests, head) === 'pass') return void upstream.write(data)
      resets += 1
      socket.resetAndDestroy()
    })
  })
  return { ...tunnel, connections: () => connections, resets: () => resets }
}

describe('a kept connection that the server closes between two calls', () => {
  test('is not seen by the caller, whatever the method', async () => {
    const tunnel = await openTunnel(() => 'pass')
    const client = through(tunnel.url)
    const { key, secret } = await client.keys.create({ name: 'kept' })
    const calls = [
      () => client.keys.get(key.id),
      () => client.keys.update(key.id, { name: 'again' }),
      () => client.keys.disable(key.id),
      () => client.verify(secret),
    ]
    for (const call of calls) {
      const last = tunnel.sockets.at(-1)
      if (!last) throw new Error('no connection')
      last.end()
      await once(last, 'close')
      await call()
    }
    expect(tunnel.connections()).toBe(1 + calls.length)
  })

  test('is not seen either when it is reset as the next request comes', async () => {
    // The second request on each connection finds it dead: what a proxy with a short idle time does.
    const tunnel = await openTunnel((count) => (count > 1 ? 'reset' : 'pass'))
    const client = through(tunnel.url)
    const { key, secret } = await client.keys.create({ name: 'reset' })
    const calls = [
      async () => expect((await client.keys.disable(key.id)).enabled).toBe(false),
      async () => expect((await client.keys.get(key.id)).name).toBe('reset'),
      async () => expect((await client.verify(secret)).code).toBe('disabled'),
    ]
    for (const call of calls) {
      // The connection of the call before is free again.
      await new Promise((resolve) => setTimeout(resolve, 10))
      await call()
    }
    expect(tunnel.resets()).toBeGreaterThanOrEqual(2)
  })

  test('does not repeat a change that is not safe to repeat: the caller is told', async () => {
    const tunnel = await openTunnel((_count, head) => (head.startsWith('PATCH') ? 'reset' : 'pass'))
    const client = through(tunnel.url)
    const { key } = await client.keys.create({ name: 'reset' })
    const update = client.keys.update(key.id, { name: 'other' })
    await expect(update).rejects.toMatchObject({ code: 'connection_failed' })
    expect((await direct.keys.get(key.id)).name).toBe('reset')
  })
})

/** Passes every request on, and loses the first answers to POST. */
async function loseAnswers(count: number) {
  const forward = passOn(keysmith.url)
  let lost = 0
  return answerWith(async (request, response) => {
    if (request.method !== 'POST' || lost >= count) return forward(request, response)
    lost += 1
    expect((await sendOn(keysmith.url, request)).status).toBeLessThan(500)
    response.destroy()
  })
}

const rejection = (call: PromiseLike<unknown>) =>
  Promise.resolve(call).then(
    () => undefined,
    (error) => error,
  )

describe('an answer that is lost on the way', () => {
  test('of a create: one key, and a ConflictError that leads to a new secret', async () => {
    const { url, seen } = await loseAnswers(1)
    const name = 'lost-create'
    const error = await rejection(through(url).keys.create({ name }))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({ code: 'secret_not_replayable', status: 409 })
    expect(seen).toHaveLength(2)
    const keys = (await direct.keys.list()).items.filter((key) => key.name === name)
    expect(keys).toHaveLength(1)
    const { keyId = '', secretVersion = 0 } = error as ConflictError
    expect(keys[0]).toMatchObject({ id: keyId, secretVersion })

    const rotated = await direct.keys.rotate(keyId, { replaces: secretVersion })
    expect(rotated.key.secretVersion).toBeGreaterThan(secretVersion)
    expect(rotated.key.secrets).toHaveLength(1)
    expect((await direct.verify(rotated.secret)).code).toBe('valid')
  })

  test('of a rotation: one new version, the secret in use works on, and replaces ends the lost one', async () => {
    const { url } = await loseAnswers(1)
    const { key, secret } = await direct.keys.create({ name: 'lost-rotate' })
    const error = await rejection(through(url).keys.rotate(key.id, { overlapSeconds: 600 }))
    expect(error).toBeInstanceOf(ConflictError)
    const { keyId = '', secretVersion = 0 } = error as ConflictError
    const between = await direct.keys.get(key.id)
    expect(between.secrets).toHaveLength(2)
    expect(between).toMatchObject({ id: keyId, secretVersion })
    expect((await direct.verify(secret)).code).toBe('valid')

    const rotated = await direct.keys.rotate(keyId, { replaces: secretVersion })
    const versions = rotated.key.secrets.map((each) => each.version)
    expect(versions).not.toContain(secretVersion)
    expect(versions).toContain(key.secretVersion)
    expect((await direct.verify(secret)).code).toBe('valid')
    expect((await direct.verify(rotated.secret)).code).toBe('valid')
  })

  test('of what shows no secret: the repetition is answered, and the change happened once', async () => {
    const { key } = await direct.keys.create({ name: 'lost-disable' })
    const { url, seen } = await loseAnswers(1)
    const { data, response } = await through(url).keys.disable(key.id).withResponse()
    expect(data).toMatchObject({ id: key.id, enabled: false })
    expect(response.headers.get('idempotency-replayed')).toBe('true')
    expect(seen).toHaveLength(2)
    const events = (await direct.auditEvents.list({ target: key.id })).items
    expect(events.filter(({ action }) => action === 'key.disabled')).toHaveLength(1)
  })

  test('of a verification: it is asked again, three times lost is an error and no verdict', async () => {
    const { secret } = await direct.keys.create({ name: 'lost-verify' })
    const once = await loseAnswers(1)
    expect((await through(once.url).verify(secret)).code).toBe('valid')
    const always = await loseAnswers(99)
    const error = await rejection(through(always.url).verify(secret))
    expect(error).toMatchObject({ code: 'connection_failed' })
    expect(always.seen).toHaveLength(2)
  })
})
