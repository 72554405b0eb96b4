import { generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { type Client, type ClientOptions, createClient, type RequestOptions } from '../src/index.ts'
import { always, answerWith, type Seen } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let keysmith: Keysmith
let client: Client

beforeAll(async () => {
  keysmith = await startKeysmith()
  client = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

test('each method of the client reaches the real service', async () => {
  const project = await client.projects.create({ name: 'shop' })
  expect((await client.projects.get('shop')).id).toBe(project.id)
  expect((await client.projects.update(project.id, { description: 'd' })).description).toBe('d')
  expect((await client.projects.list()).items.map(({ id }) => id)).toContain(project.id)

  const { key, secret } = await client.keys.create({ name: 'a', project: project.id })
  expect((await client.keys.get(key.id)).name).toBe('a')
  expect((await client.keys.update(key.id, { name: 'b' })).name).toBe('b')
  expect((await client.keys.disable(key.id)).enabled).toBe(false)
  expect((await client.keys.enable(key.id)).enabled).toBe(true)
  const rotated = await client.keys.rotate(key.id, { overlapSeconds: 60 })
  expect((await client.verify(secret)).code).toBe('valid')
  expect((await client.keys.setOverlap(key.id, 120)).secrets).toHaveLength(2)
  await client.keys.endOverlap(key.id)
  expect((await client.verify(secret)).code).toBe('expired')
  expect((await client.verify(rotated.secret)).code).toBe('valid')
  expect((await client.keys.revoke(key.id, { reason: 'leaked' })).revoked?.reason).toBe('leaked')
  await client.projects.update(project.id, { deletionProtection: false })
  expect(await client.projects.delete(project.id)).toBeUndefined()

  const { token } = await client.tokens.create({ name: 't', permissions: ['keys:read'] })
  expect((await client.tokens.list()).items.map(({ id }) => id)).toContain(token.id)
  expect((await client.tokens.revoke(token.id)).id).toBe(token.id)
  expect((await client.auditEvents.list({ target: key.id })).items.length).toBeGreaterThan(5)
  expect((await client.whoami()).permissions).toContain('*')
  expect((await client.meta.get()).precheck).toBe('on')
  expect(await client.health.live()).toEqual({ live: true })
  expect((await client.health.ready()).ready).toBe(true)
})

describe('what a request says', () => {
  const headersOf = async (options: Partial<ClientOptions>, given: object = {}) => {
    const { url, seen } = await answerWith(always(200, {}))
    await createClient({ baseUrl: url, token: 'tok', ...options }).whoami(given)
    return seen[0]?.headers ?? {}
  }

  test('version, attempt, token', async () => {
    expect(await headersOf({})).toMatchObject({
      accept: 'application/json',
      authorization: 'Bearer tok',
      'user-agent': `keysmith-client/${packageJson.version}`,
      'x-keysmith-attempt': '1',
    })
  })

  test('the traceparent of the span, asked for at each request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await headersOf({ traceparent: () => traceparent })).toMatchObject({ traceparent })
    expect(await headersOf({ traceparent: () => undefined })).not.toHaveProperty('traceparent')
  })

  test('headers of client and call; those of the protocol cannot be replaced', async () => {
    const theirs = { 'x-a': '1', 'x-b': '1', Authorization: 'Basic x', 'User-Agent': 'other' }
    const headers = await headersOf({ headers: theirs }, { headers: { 'x-b': '2' } })
    expect(headers).toMatchObject({ 'x-a': '1', 'x-b': '2', authorization: 'Bearer tok' })
    expect(headers['user-agent']).toMatch(/^keysmith-client\//)
  })

  test('a line break at the end of a token, as in a file, does no harm', async () => {
    expect((await headersOf({ token: 'tok\n' })).authorization).toBe('Bearer tok')
  })

  test('without a token: no authorization, and cookies to the same origin only', async () => {
    const sent: RequestInit[] = []
    const fetch: typeof globalThis.fetch = async (_url, init = {}) => {
      sent.push(init)
      return Response.json({})
    }
    await createClient({ baseUrl: 'http://localhost', fetch }).whoami()
    expect(new Headers(sent[0]?.headers).has('authorization')).toBe(false)
    // What fetch does when nothing is said.
    expect(['same-origin', undefined]).toContain(sent[0]?.credentials)
  })
})

test('no cache of the platform may keep an answer, and no redirect is followed', async () => {
  const sent: RequestInit[] = []
  const fetch: typeof globalThis.fetch = async (_url, init = {}) => {
    sent.push(init)
    return Response.json({ valid: false, code: 'unknown' })
  }
  const client = createClient({ baseUrl: 'http://x', fetch, verify: { precheck: 'off' } })
  await client.verify('secret')
  await client.keys.get('a')
  for (const init of sent) expect(init).toMatchObject({ cache: 'no-store', redirect: 'manual' })
  expect(sent).toHaveLength(2)
})

test('an import has the time it needs, unless the caller says otherwise', async () => {
  const fetch = (() => new Promise(() => {})) as typeof globalThis.fetch
  const timer = vi.spyOn(globalThis, 'setTimeout')
  onTestFinished(() => timer.mockRestore())
  const { keys } = createClient({ baseUrl: 'http://x', fetch, timeoutMs: 11 })
  const limitOf = (options?: RequestOptions) => {
    const controller = new AbortController()
    timer.mockClear()
    keys.import([], {}, { ...options, signal: controller.signal }).catch(() => {})
    controller.abort()
    return timer.mock.calls[0]?.[1]
  }
  expect(limitOf()).toBe(120_000)
  expect(limitOf({ timeoutMs: undefined })).toBe(120_000)
  expect(limitOf({ timeoutMs: 22 })).toBe(22)
})

describe('the project of the client', () => {
  const bodies = async (project: string | undefined, body: object) => {
    const { url, seen } = await answerWith(always(201, { items: [], nextCursor: null }))
    const scoped = createClient({ baseUrl: url, project })
    await scoped.keys.create({ name: 'a', ...body })
    await scoped.keys.list(body)
    await scoped.keys.import([], body)
    const inQuery = ({ path }: Seen) => new URL(path, url).searchParams.get('project') ?? undefined
    const [create, ...others] = seen
    return [JSON.parse(create?.body ?? '').project, ...others.map(inQuery)]
  }

  test.each([
    ['is that of create, list and import', 'shop', {}, 'shop'],
    ['gives way to the one that is named', 'shop', { project: 'other' }, 'other'],
    ['stays when the one that is named is undefined', 'shop', { project: undefined }, 'shop'],
    ['is none by default', undefined, {}, undefined],
  ])('%s', async (_what, project, body, expected) => {
    expect(await bodies(project, body)).toEqual([expected, expected, expected])
  })
})

describe('a management token in a browser', () => {
  const token = generateKey({ brand: 'ks', kind: 'root' }).secret
  const inBrowser = async (options: Partial<ClientOptions>) => {
    vi.stubGlobal('document', {})
    const { url, seen } = await answerWith(always(200, {}))
    try {
      await createClient({ baseUrl: url, ...options }).whoami()
    } finally {
      vi.unstubAllGlobals()
    }
    return seen
  }

  test('is refused before anything is sent', async () => {
    await expect(inBrowser({ token })).rejects.toThrow(
      'A management token must not be in a browser',
    )
    const asked = inBrowser({ token: async () => token })
    await expect(asked).rejects.toThrow(TypeError)
  })

  test('is sent with dangerouslyAllowBrowser; other ways of signing in are not touched', async () => {
    expect(await inBrowser({ token, dangerouslyAllowBrowser: true })).toHaveLength(1)
    expect(await inBrowser({})).toHaveLength(1)
    expect(await inBrowser({ token: 'opaque' })).toHaveLength(1)
  })
})

describe('baseUrl', () => {
  test.each([
    '',
    'keys.example.com',
    '/v1',
    'ftp://x',
    'http://',
    'https://u:p@x',
    'https://x?a=b',
    'https://x/#a',
    'javascript:alert(1)',
  ])('"%s" is refused at once, without being quoted', (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(TypeError)
    expect(() => createClient({ baseUrl: undefined as unknown as string })).toThrow(/^baseUrl must/)
  })

  test('may have a path, and slashes at its end', async () => {
    const { url, seen } = await answerWith(always(200, {}))
    for (const end of ['', '/', '/api', '/api//'])
      await createClient({ baseUrl: url + end }).whoami()
    expect(seen.map(({ path }) => path)).toEqual([
      '/v1/whoami',
      '/v1/whoami',
      '/api/v1/whoami',
      '/api/v1/whoami',
    ])
  })

  test('an id is one part of a path, whatever is in it', async () => {
    const { url, seen } = await answerWith(always(200, {}))
    const each = createClient({ baseUrl: url })
    for (const id of ['a/b', '../tokens', 'a?b#c', '%2e%2e', 'ä', '$&']) await each.keys.get(id)
    expect(seen.map(({ path }) => path)).toEqual(
      ['a%2Fb', '..%2Ftokens', 'a%3Fb%23c', '%252e%252e', '%C3%A4', '%24%26'].map(
        (id) => `/v1/keys/${id}`,
      ),
    )
    for (const id of ['', '.', '..', undefined]) {
      await expect(each.keys.get(id as string)).rejects.toThrow('The id is missing')
    }
    expect(seen).toHaveLength(6)
  })
})

test('a logger that throws costs no answer: a new secret would be lost with it', async () => {
  const fail = () => {
    throw new Error('the log is full')
  }
  const logged = createClient({
    baseUrl: keysmith.url,
    token: keysmith.token,
    logger: { debug: fail, warn: fail },
  })
  const { key, secret } = await logged.keys.create({ name: 'logged' })
  expect((await client.verify(secret)).code).toBe('valid')
  await expect(logged.keys.get('nobody')).rejects.toMatchObject({ code: 'key_not_found' })
  await client.keys.revoke(key.id)
})
