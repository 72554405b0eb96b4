import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { ask, Ledger, verdict } from './_ledger.ts'
import { type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

/** A server on a folder that goes when the test ends. */
async function start(settings: Record<string, string> = {}) {
  const root = tempFolder()
  const dataDir = join(root, 'data')
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const server = await serve({ dataDir, settings })
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return { server, dataDir }
}

/**
 * Sends the signal; gives the exit code. 0 says that the stop came to its end, 1 that it was given up
 * after the grace time or by a second signal: no clock is needed to tell them apart.
 */
function end(server: RunningServer, signal: NodeJS.Signals = 'SIGTERM') {
  return server.stop(signal)
}

function expectCheckpointed(dataDir: string) {
  expect(existsSync(join(dataDir, 'keysmith.db-wal'))).toBe(false)
  expect(existsSync(join(dataDir, 'control.sock'))).toBe(false)
}

/** A create that has reached the server and lacks the end of its body. */
async function openRequest(server: RunningServer) {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  const body = JSON.stringify({ name: 'in flight' })
  socket.write(
    head(server, 'POST', '/v1/keys', `content-length: ${body.length}`) + body.slice(0, 5),
  )
  // Answered on another connection, so the server has read this one.
  for (let round = 0; round < 3; round += 1) await ask(server, 'GET', '/v1/whoami')
  return { socket, rest: body.slice(5), received: () => received }
}

function head({ token }: RunningServer, method: string, path: string, more = '') {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${token}`,
    ...(more ? ['content-type: application/json', more] : []),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

const closed = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket, 'close'))

/** The server has begun to stop: its port is closed. */
async function draining(server: RunningServer) {
  while (await fetch(`${server.url}/livez`).catch(() => null)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test.for(['SIGTERM', 'SIGINT'] as const)(
  '%s under load: no acknowledged change is lost, none is made without an answer',
  async (signal) => {
    const { server, dataDir } = await start()
    const ledger = new Ledger()
    const never = new AbortController().signal
    const load = ledger.load(server, { clients: 4, until: never })
    await ledger.answered(50)
    const code = await end(server, signal)
    await load
    expect(code).toBe(0)
    expect(server.output().stderr).toBe('')
    expectCheckpointed(dataDir)
    expect([...ledger.refused.keys()].filter((name) => name !== '503 draining')).toEqual([])

    const again = await serve({ dataDir, token: server.token })
    onTestFinished(async () => void (await again.stop()))
    expect(await ledger.compare(again)).toEqual([])
    const db = new Database(join(dataDir, 'keysmith.db'), { readonly: true })
    const requests = db
      .prepare("SELECT request_id FROM audit_events WHERE action LIKE 'key.%'")
      .pluck()
      .all()
    db.close()
    const answered = new Set(ledger.acknowledged.map(({ requestId }) => requestId))
    expect(requests.filter((requestId) => !answered.has(String(requestId)))).toEqual([])
  },
)

test('a connection that was busy when the stop began does not hold it up', async () => {
  const { server } = await start()
  const { socket, rest, received } = await openRequest(server)
  const ended = end(server)
  await draining(server)
  socket.write(rest)
  const code = await ended
  expect(received()).toMatch(/^HTTP\/1\.1 201/)
  expect(code).toBe(0)
})

test('a request in flight is answered; what follows on its connection hears that the server stops', async () => {
  const { server, dataDir } = await start()
  const { socket, rest, received } = await openRequest(server)
  const ended = end(server)
  await draining(server)
  socket.write(rest + head(server, 'GET', '/readyz') + head(server, 'GET', '/v1/whoami'))
  await closed(socket)
  expect(await ended).toBe(0)
  const answers = received().match(/HTTP\/1\.1 \d+/g)
  expect(answers?.[0]).toBe('HTTP/1.1 201')
  expect(received()).toMatch(/"name":"in flight"/)
  for (const later of answers?.slice(1) ?? []) expect(later).toBe('HTTP/1.1 503')
  expect(received()).toMatch(/HTTP\/1\.1 503[\s\S]*"ready":false,"storage":"ok","draining":true/)
  expectCheckpointed(dataDir)
})

test('a request that does not end is given up after the grace time', async () => {
  const { server, dataDir } = await start({ KEYSMITH_SHUTDOWN_GRACE_MS: '700' })
  expect((await ask(server, 'POST', '/v1/keys', { name: 'acknowledged' })).status).toBe(201)
  await openRequest(server)
  const code = await end(server)
  expect(code).toBe(1)
  await expectKeys(dataDir, ['acknowledged'])
})

test('a second signal ends at once', async () => {
  const { server, dataDir } = await start({ KEYSMITH_SHUTDOWN_GRACE_MS: '60000' })
  expect((await ask(server, 'POST', '/v1/keys', { name: 'acknowledged' })).status).toBe(201)
  await openRequest(server)
  server.child.kill('SIGTERM')
  await draining(server)
  expect(server.child.exitCode).toBeNull()
  const code = await end(server)
  expect(code).toBe(1)
  await expectKeys(dataDir, ['acknowledged'])
})

async function expectKeys(dataDir: string, names: string[]) {
  const again = await serve({ dataDir, token: generateKey({ brand: 'ks', kind: 'root' }).secret })
  const { body } = await ask(again, 'GET', '/v1/keys')
  expect(body.items.map((key: { name: string }) => key.name)).toEqual(names)
  expect(await again.stop()).toBe(0)
}

test('the time of last use is written while the server runs, and when the server stops', async () => {
  const { server, dataDir } = await start()
  const { key, secret } = (await ask(server, 'POST', '/v1/keys', { name: 'used' })).body
  const usedAt = Date.now()
  expect(await verdict(server, secret)).toBe('valid')
  const lastUsedAt = async () => (await ask(server, 'GET', `/v1/keys/${key.id}`)).body.lastUsedAt
  while ((await lastUsedAt()) === null) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const written = Date.parse(await lastUsedAt())
  expect(written).toBeGreaterThanOrEqual(usedAt)
  expect(written).toBeLessThanOrEqual(Date.now())

  const usedAgainAt = Date.now()
  expect(await verdict(server, secret)).toBe('valid')
  expect(await end(server)).toBe(0)
  const db = new Database(join(dataDir, 'keysmith.db'), { readonly: true })
  const secretUsedAt = db.prepare('SELECT used_at FROM last_uses').pluck().get()
  db.close()
  expect(Number(secretUsedAt)).toBeGreaterThanOrEqual(usedAgainAt)
})
