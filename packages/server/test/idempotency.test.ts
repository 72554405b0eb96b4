import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type LiveRoute, liveRoutes, routeName } from './_routes.ts'
import {
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
  verify,
} from './_service.ts'

// A lost answer can be asked for again, and nothing happens twice: by the Idempotency-Key of any
// change, and by the id and digest of a secret that the caller minted.

const NOW = Date.UTC(2026, 5, 1)
const TTL_MS = 86_400_000

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())

function post(path: string, key: string, body: object | undefined, token = service.rootToken) {
  return ask(service, 'POST', path, {
    token,
    headers: { 'idempotency-key': key },
    ...(body === undefined ? {} : { body }),
  })
}

function mint(id = generateId()) {
  const { secret } = generateKey({ brand: 'ks', kind: 'live', id })
  const secretSha256 = createHash('sha256').update(secret).digest('hex')
  return { secret, registration: { id, secretSha256 } }
}

async function eventsOf(target: string): Promise<string[]> {
  const { body } = await ask(service, 'GET', `/v1/audit-events?target=${target}&limit=200`)
  return body.items.map(({ action }: { action: string }) => action).toReversed()
}

async function lastEvent(): Promise<number> {
  return (await ask(service, 'GET', '/v1/audit-events?limit=1')).body.items[0].id
}

interface Change {
  path: string
  body?: object
}

/** Each change that takes an Idempotency-Key, on a key of its own. A new one must be added. */
const CHANGES: Record<string, () => Promise<Change>> = {
  'keys.create': async () => ({ path: '/v1/keys', body: { name: 'x', ...mint().registration } }),
  'keys.disable': async () => ({ path: `/v1/keys/${(await createKey(service)).key.id}/disable` }),
  'keys.enable': async () => ({
    path: `/v1/keys/${(await createKey(service, { enabled: false })).key.id}/enable`,
  }),
  'keys.revoke': async () => ({
    path: `/v1/keys/${(await createKey(service)).key.id}/revoke`,
    body: { reason: 'x' },
  }),
  'keys.rotate': async () => {
    const { id } = (await createKey(service)).key
    return { path: `/v1/keys/${id}/rotate`, body: mint(id).registration }
  },
  'keys.setOverlap': async () => {
    const { id } = (await createKey(service)).key
    await ask(service, 'POST', `/v1/keys/${id}/rotate`, { body: { overlapSeconds: 60 } })
    return { path: `/v1/keys/${id}/overlap`, body: { overlapSeconds: 90 } }
  },
  'keys.setQuotaUsed': async () => {
    const { id } = (await createKey(service, { quotas: { credits: { limit: 9, period: 'none' } } }))
      .key
    return { path: `/v1/keys/${id}/quotas`, body: { name: 'credits', used: 5 } }
  },
  'policies.create': async () => ({ path: '/v1/policies', body: { name: `p-${generateId()}` } }),
  'projects.create': async () => ({ path: '/v1/projects', body: { name: `p-${generateId()}` } }),
  'tokens.create': async () => ({ path: '/v1/tokens', body: { name: 'x', permissions: [] } }),
}

/** Their answer holds a secret that the server minted, so it cannot be repeated. */
const SHOWS_SECRET = new Set(['tokens.create'])

/** Nothing is changed, or a repetition finds what is there and changes nothing. */
const WITHOUT_KEY = new Set([
  ...['verify', 'keys.import', 'reservations.settle', 'reservations.release'],
])
const isChange = (route: LiveRoute) => route.method === 'POST' && !WITHOUT_KEY.has(routeName(route))

test('every POST that a repetition would carry out again takes an Idempotency-Key', () => {
  const changes = liveRoutes(service).filter(isChange).map(routeName)
  expect(Object.keys(CHANGES).toSorted()).toEqual(changes.toSorted())
})

describe.each(Object.keys(CHANGES))('%s', (name) => {
  test('repeated with the same key and body has one effect and the same answer', async () => {
    const { path, body } = await (CHANGES[name] as () => Promise<Change>)()
    const key = generateId()
    const first = await post(path, key, body)
    expect(first.status, first.text).toBeLessThan(300)
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    const head = await lastEvent()
    for (const _ of [1, 2]) {
      const again = await post(path, key, body)
      if (SHOWS_SECRET.has(name)) {
        expect([again.status, again.body.code]).toEqual([409, 'secret_not_replayable'])
        expect(again.text).not.toContain(first.body.secret)
        continue
      }
      expect(again.status, again.text).toBe(200)
      expect(again.headers['idempotency-replayed']).toBe('true')
      expect(again.body).toEqual(first.body)
    }
    expect(await lastEvent()).toBe(head)
  })

  test('with the same key and another body is refused, without an effect', async () => {
    const { path, body } = await (CHANGES[name] as () => Promise<Change>)()
    const key = generateId()
    await post(path, key, body)
    const head = await lastEvent()
    const other = await post('/v1/projects', key, { name: `p-${generateId()}` })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch'])
    expect(await lastEvent()).toBe(head)
  })

  test('sent ten times at once has one effect', async () => {
    const { path, body } = await (CHANGES[name] as () => Promise<Change>)()
    const key = generateId()
    const head = await lastEvent()
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(path, key, body)))
    const carriedOut = answers.filter(
      ({ status, headers }) => status < 300 && headers['idempotency-replayed'] === undefined,
    )
    expect(carriedOut).toHaveLength(1)
    for (const { status, body } of answers.filter(({ status }) => status >= 300)) {
      expect(status).toBe(409)
      expect(['idempotency_in_flight', 'secret_not_replayable']).toContain(body.code)
    }
    expect(await lastEvent()).toBe(head + 1)
  })
})

describe('an Idempotency-Key', () => {
  test('belongs to the token that sent it', async () => {
    const others = [(await createToken(service)).secret, (await createToken(service)).secret]
    const key = generateId()
    const ids = await Promise.all(
      [service.rootToken, ...others].map(
        async (token) => (await post('/v1/keys', key, { name: 'x' }, token)).body.key.id,
      ),
    )
    expect(new Set(ids).size).toBe(3)
  })

  test('belongs to the path too', async () => {
    const key = generateId()
    const [one, two] = [(await createKey(service)).key.id, (await createKey(service)).key.id]
    expect((await post(`/v1/keys/${one}/disable`, key, undefined)).status).toBe(200)
    expect((await post(`/v1/keys/${two}/disable`, key, undefined)).status).toBe(422)
    expect((await ask(service, 'GET', `/v1/keys/${two}`)).body.enabled).toBe(true)
  })

  test('of a refused request can be used again', async () => {
    const key = generateId()
    expect((await post('/v1/keys', key, { name: '' })).status).toBe(400)
    expect((await post('/v1/keys', key, { name: 'x', project: 'none' })).status).toBe(404)
    expect((await post('/v1/keys', key, { name: 'x' })).status).toBe(201)
  })

  test('does not reach past the loss of a right', async () => {
    const { token, secret } = await createToken(service)
    const key = generateId()
    const body = { name: `p-${generateId()}` }
    expect((await post('/v1/projects', key, body, secret)).status).toBe(201)
    await ask(service, 'DELETE', `/v1/tokens/${token.id}`)
    expect((await post('/v1/projects', key, body, secret)).status).toBe(401)
  })

  test('shows the record as it is now, not as it was', async () => {
    const key = generateId()
    const { id } = (await createKey(service)).key
    await post(`/v1/keys/${id}/disable`, key, undefined)
    await ask(service, 'POST', `/v1/keys/${id}/enable`)
    const again = await post(`/v1/keys/${id}/disable`, key, undefined)
    expect([again.status, again.body.enabled]).toEqual([200, true])
    expect(await eventsOf(id)).toEqual(['key.created', 'key.disabled', 'key.enabled'])
  })

  test('is kept for 24 hours, to the millisecond', async () => {
    const name = `p-${generateId()}`
    const key = generateId()
    const { body } = await post('/v1/projects', key, { name })
    clock = NOW + TTL_MS - 1
    const kept = await post('/v1/projects', key, { name })
    expect([kept.status, kept.body.id]).toEqual([200, body.id])
    clock = NOW + TTL_MS
    const forgotten = await post('/v1/projects', key, { name })
    expect([forgotten.status, forgotten.body.code]).toEqual([409, 'name_taken'])
    const anew = await post('/v1/projects', key, { name: `p-${generateId()}` })
    expect(anew.status).toBe(201)
    clock = NOW
  })

  test.each([
    ['empty', ''],
    ['a space', 'a b'],
    ['too long', 'a'.repeat(256)],
    ['a control character', 'a\u0007'],
    ['no ASCII', 'é'],
    ['two of them', 'a, b'],
  ])('that is %s is refused by name', async (_what, value) => {
    const answer = await post('/v1/keys', value, { name: 'x' })
    expect([answer.status, answer.body.fields?.[0]?.path]).toEqual([400, 'Idempotency-Key'])
  })
})

describe('a secret that the server minted', () => {
  test('of a create is never repeated: the id and version come instead, to rotate by', async () => {
    const key = generateId()
    const body = { name: 'x', permissions: ['a'] }
    const first = await post('/v1/keys', key, body)
    const again = await post('/v1/keys', key, body)
    const { id, secretVersion } = first.body.key
    expect([again.status, again.body]).toMatchObject([
      409,
      { code: 'secret_not_replayable', keyId: id, secretVersion },
    ])
    clock = NOW + 5
    const path = `/v1/keys/${id}/rotate`
    const rotated = await ask(service, 'POST', path, { body: { replaces: secretVersion } })
    expect(rotated.status).toBe(200)
    // The lost secret is gone at once: whoever has it cannot use it.
    expect((await verify(service, first.body.secret)).code).toBe('unknown')
    expect((await verify(service, rotated.body.secret)).code).toBe('valid')
    expect(rotated.body.key.secrets).toHaveLength(1)
    clock = NOW
  })

  test('of a rotation is replaced by the next one, and the older secret keeps its end', async () => {
    const { key, secret: oldest } = await createKey(service)
    const path = `/v1/keys/${key.id}/rotate`
    const idempotencyKey = generateId()
    clock = NOW + 10
    const lost = await post(path, idempotencyKey, { overlapSeconds: 3600 })
    const again = await post(path, idempotencyKey, { overlapSeconds: 3600 })
    expect([again.status, again.body]).toMatchObject([
      409,
      { code: 'secret_not_replayable', keyId: key.id },
    ])
    const replaces: number = again.body.secretVersion
    expect(replaces).toBe(lost.body.key.secretVersion)
    const { body: before } = await ask(service, 'GET', `/v1/keys/${key.id}`)
    clock = NOW + 20
    const { body: rotated } = await ask(service, 'POST', path, { body: { replaces } })
    expect((await verify(service, lost.body.secret)).code).toBe('unknown')
    expect((await verify(service, oldest)).code).toBe('valid')
    expect((await verify(service, rotated.secret)).code).toBe('valid')
    const { version, endsAt } = before.secrets[1]
    expect(rotated.key.secrets[1]).toMatchObject({ version, endsAt })
    clock = NOW + 10 + 3_600_000
    expect((await verify(service, oldest)).code).toBe('expired')
    // A version that is not the present one was replaced before, by somebody else.
    const stale = await ask(service, 'POST', path, { body: { replaces } })
    expect([stale.status, stale.body.code]).toEqual([409, 'edit_conflict'])
    clock = NOW
  })
})

describe('a secret that the caller minted', () => {
  test('makes a create that can be repeated, without any header', async () => {
    const { secret, registration } = mint()
    const body = { name: 'x', ...registration }
    const first = await ask(service, 'POST', '/v1/keys', { body })
    expect([first.status, first.body.secret]).toEqual([201, undefined])
    const again = await ask(service, 'POST', '/v1/keys', { body })
    expect([again.status, again.body]).toEqual([200, first.body])
    expect((await verify(service, secret)).code).toBe('valid')
    expect(await eventsOf(registration.id)).toEqual(['key.created'])
    expect(JSON.stringify(first.body)).not.toContain(registration.secretSha256)
  })

  test('of an id that is taken is refused: by another token, or with another digest', async () => {
    const { secret, registration } = mint()
    const body = { name: 'x', ...registration }
    await ask(service, 'POST', '/v1/keys', { body })
    const { secret: token } = await createToken(service)
    for (const attempt of [
      await ask(service, 'POST', '/v1/keys', { body, token }),
      await ask(service, 'POST', '/v1/keys', {
        body: { ...body, ...mint(registration.id).registration },
      }),
    ]) {
      expect([attempt.status, attempt.body.code]).toEqual([409, 'id_taken'])
      expect(attempt.body.keyId).toBeUndefined()
    }
    expect((await verify(service, secret)).code).toBe('valid')
  })

  test('makes one key of ten creates at once', async () => {
    const body = { name: 'x', ...mint().registration }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(service, 'POST', '/v1/keys', { body })),
    )
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([...Array(9).fill(200), 201])
    expect(await eventsOf(body.id)).toEqual(['key.created'])
  })

  test('makes a rotation that changes nothing when it is repeated', async () => {
    const { secret: oldest, registration } = mint()
    await ask(service, 'POST', '/v1/keys', { body: { name: 'x', ...registration } })
    const next = mint(registration.id)
    const path = `/v1/keys/${registration.id}/rotate`
    const body = { ...next.registration, overlapSeconds: 60 }
    const first = await ask(service, 'POST', path, { body })
    for (const overlapSeconds of [60, 0, 3600]) {
      const again = await ask(service, 'POST', path, { body: { ...body, overlapSeconds } })
      expect([again.status, again.body]).toEqual([200, first.body])
    }
    expect((await verify(service, oldest)).code).toBe('valid')
    expect((await verify(service, next.secret)).code).toBe('valid')
    expect(await eventsOf(registration.id)).toEqual(['key.created', 'key.rotated'])
    const back = await ask(service, 'POST', path, { body: { ...registration, overlapSeconds: 0 } })
    expect([back.status, back.body.code]).toEqual([422, 'policy_violation'])
  })
})

test('a restart forgets neither effects nor keys', async () => {
  const dataDir = tempFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  const first = await startService({ now: () => NOW, closeItself: false, config: { dataDir } })
  const { rootToken } = first
  const [one, two] = [{ 'idempotency-key': generateId() }, { 'idempotency-key': generateId() }]
  const [key, project] = [{ name: 'x' }, { name: `p-${generateId()}` }]
  const lost = await ask(first, 'POST', '/v1/keys', { headers: one, body: key })
  const made = await ask(first, 'POST', '/v1/projects', { headers: two, body: project })
  await first.close()

  const second = await startService({ now: () => NOW + 1000, config: { dataDir } })
  const asked = { ...second, rootToken }
  const again = await ask(asked, 'POST', '/v1/keys', { headers: one, body: key })
  expect(again.body).toMatchObject({ code: 'secret_not_replayable', keyId: lost.body.key.id })
  const same = await ask(asked, 'POST', '/v1/projects', { headers: two, body: project })
  expect([same.status, same.body]).toEqual([200, made.body])
  expect((await verify(asked, lost.body.secret)).code).toBe('valid')
})
