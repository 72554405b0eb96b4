import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { foreignString } from './_import.ts'
import { keysmith, type RunningServer, serve } from './_process.ts'
import { rawRequest, sendRaw } from './_raw-http.ts'
import { tempFolder } from './_service.ts'

// A secret stands in the one answer that issued it and nowhere else (R33 to R35, T16): a real process
// with the chattiest log is given secrets in every right and wrong place, then all that it said and
// wrote is searched, in every form in which a secret could hide.

/** The shortest part of a random part that counts as found. */
const HALF = 21

/** Every form of a text that a search must find, as latin1 text. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text)
  const reversed = [...text].toReversed().join('')
  const hex = bytes.toString('hex')
  return [
    text,
    reversed,
    hex,
    hex.toUpperCase(),
    hex.replaceAll(/../g, '%$&'),
    hex.toUpperCase().replaceAll(/../g, '%$&'),
    Buffer.from(text, 'utf16le').toString('latin1'),
    ...base64Forms(bytes),
    ...base64Forms(Buffer.from(reversed)),
  ]
}

/** Base64 of the text wherever it begins in a longer one: without the characters that neighbours share. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
    const usable = Math.floor(padded.length / 3) * 4
    const shared = offset === 0 ? 0 : 4
    const standard = padded.toString('base64').slice(shared, usable)
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** The whole secret, its random part, and both halves of that. An imported string is all random. */
function partsOf(secret: string): string[] {
  const random = secret.split('_')[3] ?? secret
  return [secret, random, random.slice(0, HALF), random.slice(HALF, 2 * HALF)]
}

const traces = new Map<string, string[]>()

/** What must not be found of a secret. */
function tracesOf(secret: string): string[] {
  const known = traces.get(secret) ?? [...new Set(partsOf(secret).flatMap(formsOf))]
  traces.set(secret, known)
  return known
}

/** The secrets of which a trace stands in the bytes. */
function search(haystack: Buffer | string, secrets: readonly string[]): string[] {
  const text = typeof haystack === 'string' ? haystack : haystack.toString('latin1')
  return secrets.filter((secret) => tracesOf(secret).some((trace) => text.includes(trace)))
}

interface Recorded {
  what: string
  text: string
  /** The secret that this very answer issues. */
  issued?: string
}

let server: RunningServer
let dataDir: string
/** Every secret that was made or sent, also those that no server knows. */
const secrets: string[] = []
/** Every answer, headers and all. */
const answers: Recorded[] = []

beforeAll(async () => {
  dataDir = tempFolder()
  server = await serve({ dataDir, settings: { KEYSMITH_TRUSTED_PROXIES: '127.0.0.0/8' } })
  secrets.push(server.token)
})
afterAll(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true })
  rmSync(`${dataDir}.bootstrap-token`)
})

interface Request {
  method?: string
  path: string
  token?: string
  headers?: Record<string, string>
  body?: unknown
}

/** One request; the answer is recorded with its headers. */
async function request({
  method = 'POST',
  path,
  token = server.token,
  headers = {},
  body,
}: Request) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const recorded: Recorded = {
    what: `${method} ${path.slice(0, 30)} ${response.status}`,
    text: `${JSON.stringify([...response.headers])}\n${text}`,
  }
  answers.push(recorded)
  const answer = text.startsWith('{') ? JSON.parse(text) : {}
  if (typeof answer.secret === 'string') {
    recorded.issued = answer.secret
    secrets.push(answer.secret)
  }
  return { status: response.status, answer }
}

/** A secret that nobody issued; sent to wrong places. */
function stray(kind = 'live', id = generateId()): string {
  const { secret } = generateKey({ brand: 'ks', kind, id })
  secrets.push(secret)
  return secret
}

/** A secret that the caller minted, and what he sends instead of it. */
function minted(id?: string) {
  const { id: own, secret } = generateKey({ brand: 'ks', kind: 'live', ...(id ? { id } : {}) })
  secrets.push(secret)
  const secretSha256 = createHash('sha256').update(secret).digest('hex')
  return { secret, body: { id: own, secretSha256 } }
}

/** A string of another system, and its digest, which is as good as a secret: as text and as bytes. */
function foreign() {
  const string = foreignString()
  const digest = createHash('sha256').update(string).digest()
  secrets.push(string, digest.toString('hex'), digest.toString('latin1'))
  return { string, line: { name: 'moved in', secretSha256: digest.toString('hex') } }
}

const importLines = (lines: (object | string)[], query = '', type = 'application/x-ndjson') =>
  request({
    path: `/v1/keys/import${query}`,
    headers: { 'content-type': type },
    body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  })

test('the search finds a planted secret in every form', () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  const noise = (text: string | Buffer) =>
    Buffer.concat([Buffer.from([1, 2, 255]), Buffer.from(text), Buffer.from('"}\n')])
  const planted = partsOf(secret).flatMap((part) => [
    part,
    [...part].toReversed().join(''),
    Buffer.from(part).toString('base64'),
    Buffer.from(part).toString('base64url'),
    Buffer.from(`Bearer ${part}!`).toString('base64'),
    Buffer.from(`ab${part}`).toString('base64url'),
    Buffer.from(part).toString('hex'),
    Buffer.from(part).toString('hex').toUpperCase(),
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16)}`).join(''),
    Buffer.from(part, 'utf16le'),
  ])
  for (const form of planted) expect(search(noise(form), [secret]), String(form)).toEqual([secret])
  expect(search(noise(generateKey({ brand: 'ks', kind: 'live' }).secret), [secret])).toEqual([])
})

test('secrets are issued, used, sent to wrong places and provoked', async () => {
  await useSecretsRightly()
  await importStrings()
  await sendSecretsToWrongPlaces()
  await sendBrokenRequests()
  expect(secrets.length).toBeGreaterThan(40)
  expect(answers.length).toBeGreaterThan(100)
})

async function useSecretsRightly() {
  const idempotent = { 'idempotency-key': generateId() }
  const body = { name: 'canary', metadata: { team: 'a' }, permissions: ['jobs:write'] }
  const { answer } = await request({ path: '/v1/keys', headers: idempotent, body })
  const again = await request({ path: '/v1/keys', headers: idempotent, body })
  expect(again.answer.code).toBe('secret_not_replayable')
  const { key, secret } = answer
  const path = `/v1/keys/${key.id}`
  const rotated = await request({ path: `${path}/rotate`, body: { overlapSeconds: 3600 } })
  expect((await request({ path: `${path}/rotate`, body: {} })).answer.code).toBe('overlap_running')
  await request({ path: `${path}/rotate`, body: { replaces: rotated.answer.key.secretVersion } })

  const own = minted()
  expect((await request({ path: '/v1/keys', body: { name: 'own', ...own.body } })).status).toBe(201)
  expect((await request({ path: '/v1/keys', body: { name: 'own', ...own.body } })).status).toBe(200)
  const next = minted(own.body.id)
  expect((await request({ path: `/v1/keys/${own.body.id}/rotate`, body: next.body })).status).toBe(
    200,
  )
  const late = minted(own.body.id)
  await request({ path: `/v1/keys/${own.body.id}/rotate`, body: late.body })

  const made = await request({
    path: '/v1/tokens',
    body: { name: 'gateway', permissions: ['keys:verify', 'keys:read'] },
  })
  const verifier: string = made.answer.secret
  for (const presented of [secret, rotated.answer.secret, own.secret, next.secret, late.secret]) {
    for (const question of [{}, { permissions: ['jobs:write'], model: 'm', ip: '203.0.113.7' }]) {
      const { status } = await request({
        path: '/v1/verify',
        token: verifier,
        body: { secret: presented, ...question },
      })
      expect(status).toBe(200)
    }
  }
  const bad = [stray(), stray('test'), stray('root'), stray('live', key.id), server.token, verifier]
  const mangled = [
    `${secret} `,
    secret.slice(0, -1),
    secret.toUpperCase(),
    `x${secret}`,
    `${secret}${secret}`,
  ]
  for (const presented of [...bad, ...mangled]) {
    const { answer: verdict } = await request({ path: '/v1/verify', body: { secret: presented } })
    expect(['unknown', 'malformed']).toContain(verdict.code)
  }
  await request({ path: `${path}/disable` })
  await request({ path: '/v1/verify', body: { secret: rotated.answer.secret } })
  await request({ path: `${path}/enable` })
  await request({ path: `${path}/overlap`, body: { overlapSeconds: 0 } })
  await request({ path: `${path}/revoke`, body: { reason: 'leaked' } })
  await request({ method: 'DELETE', path: `/v1/tokens/${made.answer.token.id}` })
  expect((await request({ path: '/v1/verify', token: verifier, body: { secret } })).status).toBe(
    401,
  )
  for (const token of [secret, own.secret, stray('root'), rotated.answer.secret]) {
    expect((await request({ method: 'GET', path: '/v1/keys', token })).status).toBe(401)
  }
}

/** Imported in both forms, used, repeated, rotated, and sent in wrong lines. */
async function importStrings() {
  for (const query of ['?entropyBits=128', '']) {
    const own = [foreign(), foreign()]
    const lines = own.map(({ string, line }) => ({ ...line, start: string.slice(0, 8) }))
    const { answer } = await importLines([...lines, ...lines], query)
    expect(answer).toMatchObject({ imported: 2, existing: 2, refused: 0 })
    for (const { string } of own) {
      const verdict = await request({ path: '/v1/verify', body: { secret: string } })
      expect(verdict.answer.code).toBe('valid')
      await request({ path: '/v1/verify', body: { secret: `${string}x` } })
    }
    await request({ path: `/v1/keys/${answer.lines[0].keyId}/rotate`, body: {} })
    await request({ path: `/v1/keys/${answer.lines[1].keyId}/revoke`, body: {} })
    await request({ path: '/v1/verify', body: { secret: own[1]?.string } })

    const { string, line } = foreign()
    const shown = [{ name: string }, { owner: string }, { description: `was ${string}` }]
    const labels = [{ metadata: { a: string } }, { tags: { [string]: 'a' } }]
    const wrong = [
      { permissions: [string] },
      { [string]: 1 },
      { expiresAt: string },
      { start: string },
    ]
    const digest = line.secretSha256
    const attributes: object[] = [
      ...shown,
      ...labels,
      ...wrong,
      { secret: string },
      { id: digest },
      { name: `x ${digest}` },
    ]
    const bodies = [
      ...attributes.map((more) => ({ ...line, ...more })),
      { ...line, secretSha256: string },
    ]
    const broken = [`{"name":"${string}`, string, digest, `"${digest}"`, `{"${string}":${digest}}`]
    const refused = await importLines([...bodies, ...broken], query)
    expect(refused.answer.refused).toBe(bodies.length + broken.length)
    for (const type of ['application/json', 'text/plain']) await importLines([line], query, type)
    await importLines([line], `?project=${string}`)
    await importLines([line], `?entropyBits=${digest}`)
    await importLines([line], `?${string}=1`)
  }
}

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('')

/** In URLs, names, unknown fields, other headers: refused, or of no effect, and never kept. */
async function sendSecretsToWrongPlaces() {
  const { answer } = await request({ path: '/v1/keys', body: { name: 'target' } })
  const { id } = answer.key
  const urls = [
    `/v1/keys/${stray()}`,
    `/v1/keys/${percent(stray())}`,
    `/v1/keys/${stray().replaceAll('_', '%5F')}`,
    `/v1/keys/%ZZ${stray()}`,
    `/v1/keys/${stray().split('_')[3]}`,
    `/v1/projects/${stray()}`,
    `/v1/keys/${stray()}/usage`,
    `/v1/keys/${id}/usage?from=${stray()}`,
    `/v1/policies/${stray()}`,
    `/v1/policies?name=${percent(stray())}`,
    `/v1/keys?name=${stray()}`,
    `/v1/keys?owner=${percent(stray())}`,
    `/v1/keys?cursor=${Buffer.from(stray()).toString('base64url')}`,
    `/v1/keys?${stray()}=1`,
    `/v1/audit-events?target=${stray().slice(-16)}`,
    `/${stray()}`,
    `/livez?${stray()}`,
    `/control/${stray()}`,
    `/v1/keys/${'a'.repeat(200)}${stray()}`,
  ]
  for (const path of urls) await request({ method: 'GET', path })
  expect(
    (await request({ path: `/v1/keys/x/rotate?token=${stray()}`, body: {} })).answer.code,
  ).toBe('secret_in_url')

  const texts = (secret: string) => [
    { name: secret },
    { name: `rotated from ${secret}.` },
    { name: 'x', owner: secret },
    { name: 'x', description: `old:\n${secret}` },
    { name: 'x', metadata: { old: secret } },
    { name: 'x', tags: { old: secret } },
    { name: 'x', metadata: { [secret.slice(0, 64)]: 'a' } },
    { name: 'x', metadata: { [secret.slice(0, 64)]: 5 } },
    { name: 'x', allowedModels: [secret] },
    { name: 'x', permissions: [secret] },
    { name: 'x', ipAllowlist: [secret] },
    { name: 'x', project: secret.slice(0, 63) },
    { name: 'x', environment: secret },
    { name: 'x', expiresAt: secret },
    { name: 'x', id: secret },
    { name: 'x', id: generateId(), secretSha256: secret },
    { name: 'x', [secret]: 1 },
    { name: 'x', [secret.slice(0, 40)]: 1 },
    { name: 'x', rotation: { [secret]: 1 } },
    { name: 'x', secret },
  ]
  for (const body of texts(stray())) {
    const { status } = await request({ path: '/v1/keys', body })
    expect([400, 404], JSON.stringify(body).slice(0, 40)).toContain(status)
  }
  for (const body of texts(stray())) {
    const { status } = await request({ method: 'PATCH', path: `/v1/keys/${id}`, body })
    expect(status, JSON.stringify(body).slice(0, 40)).toBe(400)
  }
  const others: [path: string, body: object][] = [
    [`/v1/keys/${id}/revoke`, { reason: stray() }],
    [`/v1/keys/${id}/rotate`, { id: stray() }],
    [`/v1/keys/${id}/rotate`, { secret: stray() }],
    ['/v1/tokens', { name: stray(), permissions: [] }],
    ['/v1/tokens', { name: 'x', permissions: [stray()] }],
    ['/v1/tokens', { name: 'x', permissions: [], project: stray() }],
    ['/v1/projects', { name: stray().slice(0, 60).toLowerCase() }],
    ['/v1/projects', { name: 'x1', description: stray() }],
    ['/v1/projects', { name: 'x2', brand: stray() }],
    ['/v1/projects', { name: 'x3', models: [stray()] }],
    ['/v1/projects', { name: 'x4', specialPermissions: [{ name: stray(), label: 'a' }] }],
    ['/v1/projects', { name: 'x5', specialPermissions: [{ name: 'a', label: stray() }] }],
    ['/v1/projects', { name: 'x6', allowedDelivery: [stray()] }],
    ['/v1/projects', { name: 'x7', defaultQuotas: { [stray()]: { limit: 1, period: 'day' } } }],
    ...policyBodies().map((body): [string, object] => ['/v1/policies', body]),
    ['/v1/verify', { secret: 'x', model: stray() }],
    ['/v1/verify', { secret: 'x', ip: stray() }],
    ['/v1/verify', { secret: 'x', permissions: [stray()] }],
    ['/v1/verify', { [stray()]: stray() }],
  ]
  for (const [path, body] of others) await request({ path, body })
  const policy = await request({ path: '/v1/policies', body: { name: 'target' } })
  for (const body of policyBodies()) {
    const path = `/v1/policies/${policy.answer.id}`
    expect((await request({ method: 'PATCH', path, body })).status).toBe(400)
  }
  const byPolicy = { name: 'x', policyIds: [stray()] }
  expect((await request({ path: '/v1/keys', body: byPolicy })).status).toBe(400)

  const names = ['idempotency-key', 'if-match', 'user-agent', 'x-request-id', 'cookie', 'referer']
  for (const name of [...names, 'x-forwarded-for', 'x-api-key', 'traceparent', 'origin']) {
    for (const value of [stray(), `a ${stray()}`, Buffer.from(stray()).toString('base64')]) {
      const headers = { [name]: value }
      await request({ path: '/v1/keys', headers, body: { name: 'kept' } })
      await request({
        method: 'PATCH',
        path: `/v1/keys/${id}`,
        headers,
        body: { description: 'x' },
      })
    }
  }
  for (const scheme of ['Basic', 'ApiKey', 'Bearer Bearer', 'Token', 'Bearer,']) {
    const headers = { authorization: `${scheme} ${stray('root')}` }
    expect((await request({ path: '/v1/keys', headers, body: { name: 'x' } })).status).toBe(401)
  }
}

function policyBodies(): object[] {
  return [
    { name: stray() },
    { name: 'x', description: `old:\n${stray()}` },
    { name: 'x', permissions: [stray()] },
    { name: 'x', allowedModels: [stray()] },
    { name: 'x', ipAllowlist: [stray()] },
    { name: 'x', rateLimits: { [stray()]: { limit: 1, windowSeconds: 1 } } },
    { name: 'x', quotas: { tokens: { limit: stray(), period: 'day' } } },
    { name: 'x', quotas: { tokens: { limit: 1, period: 'day', [stray()]: 1 } } },
    { name: 'x', project: stray().slice(0, 63) },
    { name: 'x', [stray()]: 1 },
  ]
}

/** Errors of every kind while a secret is in hand. */
async function sendBrokenRequests() {
  const bodies = (secret: string) => [
    `{"name":"${secret}`,
    `{"secret":"${secret}"`,
    `{"secret":${secret}}`,
    `"${secret}"`,
    secret,
    `{"${secret}"`,
    `{"__proto__":"${secret}"}`,
    `{"secret":"${secret}","x":"${'x'.repeat(20_000)}"}`,
  ]
  for (const path of ['/v1/verify', '/v1/keys', '/v1/nothing', '/v1/keys/x/disable']) {
    for (const body of bodies(stray())) {
      await request({ path, body })
      await request({ path, body, headers: { 'content-type': 'text/plain' } })
    }
  }
  const secret = stray('root')
  const raw = [
    rawRequest({ target: `/${secret}\x00` }),
    rawRequest({ target: '/v1/keys', headers: [['Authorization', `Bearer ${secret}\x01`]] }),
    rawRequest({ target: '/v1/keys', headers: [[`X\x00${secret}`, 'a']] }),
    rawRequest({ target: '/v1/keys', headers: [['Authorization', secret.repeat(400)]] }),
    Buffer.from(`${secret}\r\n\r\n`),
    Buffer.from(`GET /${secret} HTTP/9.9\r\n\r\n`),
  ]
  for (const bytes of raw) {
    const { text, status } = await sendRaw(server.url, bytes)
    answers.push({ what: `raw ${status}`, text })
  }
  // A caller who hangs up in the middle of a body.
  const { hostname, port } = new URL(server.url)
  const socket = createConnection(Number(port), hostname)
  const half = rawRequest({
    method: 'POST',
    target: '/v1/verify',
    headers: [
      ['Authorization', `Bearer ${server.token}`],
      ['Content-Type', 'application/json'],
      ['Content-Length', '500'],
    ],
  })
  await new Promise<void>((resolve) => {
    socket.write(Buffer.concat([half, Buffer.from(`{"secret":"${stray()}`)]), () => resolve())
  })
  socket.destroy()
}

test('no other answer holds a secret, not even that of its own key', async () => {
  for (const path of [
    '/v1/keys',
    '/v1/policies',
    '/v1/tokens',
    '/v1/projects',
    '/v1/audit-events',
  ]) {
    let cursor: string | null = ''
    for (let page = 0; cursor !== null && page < 20; page += 1) {
      const query: string = cursor === '' ? '?limit=50' : `?limit=50&cursor=${cursor}`
      const { status, answer } = await request({ method: 'GET', path: `${path}${query}` })
      expect(status).toBe(200)
      for (const { id } of path === '/v1/keys' ? answer.items.slice(0, 10) : []) {
        await request({ method: 'GET', path: `/v1/keys/${id}` })
        await request({ method: 'GET', path: `/v1/keys/${id}/usage` })
      }
      cursor = answer.nextCursor
    }
  }
  for (const path of ['/v1/whoami', '/v1/meta', '/readyz', '/openapi.json', '/docs']) {
    await request({ method: 'GET', path })
  }
  for (const { what, text, issued } of answers) {
    const rest = issued === undefined ? text : text.replace(issued, '')
    expect(search(rest, secrets), `${what}: ${rest.slice(0, 300)}`).toEqual([])
  }
  const issuing = answers.filter(({ issued }) => issued !== undefined)
  const paths = issuing.map(({ what }) => what.replaceAll(/[0-9a-z]{16}/g, 'ID'))
  const known = ['POST /v1/keys 201', 'POST /v1/keys/ID/rota 200', 'POST /v1/tokens 201']
  expect([...new Set(paths)].toSorted()).toEqual(known.toSorted())
})

test('neither stream of the process holds a secret, at the chattiest level', () => {
  const { stdout, stderr } = server.output()
  expect(stdout.split('\n').length).toBeGreaterThan(100)
  expect(search(stdout, secrets)).toEqual([])
  expect(search(stderr, secrets)).toEqual([])
})

test('no file of the data folder holds a secret: database, log, memory, lock, pepper', async () => {
  const searchFolder = () => {
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    for (const { parentPath, name } of files) {
      expect(search(readFileSync(join(parentPath, name)), secrets), name).toEqual([])
    }
    return files.map(({ name }) => name).toSorted()
  }
  const whileRunning = ['keysmith.db', 'keysmith.db-shm', 'keysmith.db-wal', 'keysmith.lock']
  expect(searchFolder()).toEqual(expect.arrayContaining([...whileRunning, 'pepper.json']))
  expect(await server.stop()).toBe(0)
  expect(searchFolder()).toEqual(expect.arrayContaining(['keysmith.db', 'pepper.json']))
  const { stdout, stderr } = server.output()
  expect(search(stdout + stderr, secrets)).toEqual([])
})

test('the commands on the machine show no secret that was issued before', async () => {
  const settings = { KEYSMITH_DATA_DIR: dataDir }
  const commands = [
    ['token', 'list', '--json'],
    ['audit', 'verify'],
    ['config', 'print'],
  ]
  for (const command of commands) {
    const { stdout, stderr } = await keysmith(command, settings)
    expect(search(stdout + stderr, secrets), command.join(' ')).toEqual([])
  }
  process.stdout.write(`canary: ${secrets.length} secrets, ${answers.length} answers searched\n`)
})
