import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ReservationExpiry } from '../src/limits/expire-reservations.ts'
import {
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
  verify,
} from './_service.ts'

// Reservations through the public door. `store/contract/reservations.contract.ts` says what holds for
// the counts; here it is the answers, the callers and the time.

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 5, 1, 12)

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())

const QUOTAS = { tokens: { limit: 100, period: 'day' } }

async function reserve(tokens: number, body: Record<string, unknown> = {}, reserveSeconds = 300) {
  const { key, secret } = await createKey(service, { quotas: QUOTAS, ...body })
  const verdict = await verify(service, secret, { reserve: { tokens }, reserveSeconds })
  expect(verdict).toMatchObject({ valid: true, remaining: { tokens: 100 - tokens } })
  return { key, secret, id: String(verdict.reservationId) }
}

const settle = (id: string, cost: object, token?: string) =>
  ask(service, 'POST', `/v1/reservations/${id}/settle`, {
    body: { cost },
    ...(token === undefined ? {} : { token }),
  })
const release = (id: string, token?: string) =>
  ask(service, 'POST', `/v1/reservations/${id}/release`, token === undefined ? {} : { token })
const quotaOf = async (id: string) =>
  (await ask(service, 'GET', `/v1/keys/${id}`)).body.quotas.tokens

/** What the tick of each second does. */
async function expireDue() {
  const expiry = new ReservationExpiry(service.deps, (error) => {
    throw error
  })
  await expiry.run()
  await expiry.close()
}

/** Usage of the key that was noted, once it is written. */
async function chargedUsage(keyId: string) {
  await service.deps.usage.flush()
  const row = { keyId, scope: null, resolution: 'hour', from: 0, to: HOUR_MS * 1e6 } as const
  const rows = await service.deps.store.readUsage(row)
  return rows.filter(({ kind }) => kind === 'charged').map(({ name, amount }) => [name, amount])
}

test('a settlement answers what was charged and given back, and the key shows it', async () => {
  const { key, id } = await reserve(60)
  expect(await quotaOf(key.id)).toMatchObject({ used: 0, reserved: 60 })
  clock += 5
  const { status, body } = await settle(id, { tokens: 25 })
  expect(status).toBe(200)
  expect(body).toEqual({
    id,
    keyId: key.id,
    state: 'settled',
    charged: { tokens: 25 },
    released: { tokens: 35 },
    dropped: {},
    overrun: false,
    endedAt: new Date(clock).toISOString(),
  })
  expect(await quotaOf(key.id)).toMatchObject({ used: 25, reserved: 0 })
})

test('a second settlement and a late release get the first answer, and usage counts once', async () => {
  const { key, id } = await reserve(60)
  const first = await settle(id, { tokens: 25 })
  expect((await settle(id, { tokens: 60 })).body).toEqual(first.body)
  expect((await release(id)).body).toEqual(first.body)
  expect(await quotaOf(key.id)).toMatchObject({ used: 25, reserved: 0 })
  expect(await chargedUsage(key.id)).toEqual([['tokens', 25]])
})

test('a release charges nothing', async () => {
  const { key, id } = await reserve(60)
  const { status, body } = await release(id)
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({ state: 'released', charged: {}, released: { tokens: 60 } }),
  ])
  expect(await quotaOf(key.id)).toMatchObject({ used: 0, reserved: 0 })
  expect(await chargedUsage(key.id)).toEqual([])
})

test('an overrun is charged, said, and stops the next request, also one without a cost', async () => {
  const { key, secret, id } = await reserve(100)
  expect((await settle(id, { tokens: 130 })).body).toMatchObject({
    charged: { tokens: 130 },
    released: {},
    overrun: true,
  })
  expect(await quotaOf(key.id)).toMatchObject({ limit: 100, used: 130 })
  for (const question of [{}, { cost: { tokens: 0 } }, { reserve: { tokens: 0 } }]) {
    expect(await verify(service, secret, question)).toMatchObject({
      code: 'quota_exhausted',
      quota: 'tokens',
    })
  }
})

test('a key that was revoked, disabled, rotated or lost its quota is still charged', async () => {
  const changes: ((id: string) => ReturnType<typeof ask>)[] = [
    (id) => ask(service, 'POST', `/v1/keys/${id}/revoke`, { body: {} }),
    (id) => ask(service, 'POST', `/v1/keys/${id}/disable`),
    (id) => ask(service, 'POST', `/v1/keys/${id}/rotate`, { body: { overlapSeconds: 0 } }),
    (id) => ask(service, 'PATCH', `/v1/keys/${id}`, { body: { quotas: {} } }),
  ]
  for (const change of changes) {
    const { key, id } = await reserve(60)
    expect((await change(key.id)).status).toBe(200)
    expect((await settle(id, { tokens: 10 })).body).toMatchObject({ charged: { tokens: 10 } })
    const counters = await service.deps.store.readCounters([key.id])
    expect(counters).toMatchObject([{ name: 'tokens', used: 10, reserved: 0 }])
  }
})

test('at its end it ends by itself, not 1 ms before; who settles then gets the end', async () => {
  const early = await reserve(60, {}, 1)
  const late = await reserve(60, {}, 1)
  const endsAt = clock + 1000
  clock = endsAt - 1
  expect((await settle(early.id, { tokens: 1 })).body).toMatchObject({ state: 'settled' })
  clock = endsAt
  expect((await settle(late.id, { tokens: 1 })).body).toMatchObject({
    state: 'expired',
    charged: {},
    released: { tokens: 60 },
    endedAt: new Date(endsAt).toISOString(),
  })
  expect(await quotaOf(late.key.id)).toMatchObject({ used: 0, reserved: 0 })
})

test('what is overdue stands in the way of no verification', async () => {
  const { secret } = await reserve(100, {}, 1)
  clock += 999
  expect(await verify(service, secret, { cost: { tokens: 1 } })).toMatchObject({ valid: false })
  clock += 1
  expect(await verify(service, secret, { cost: { tokens: 100 } })).toMatchObject({
    remaining: { tokens: 0 },
  })
})

test('a project may want that unsettled reservations are charged: the tick does, with the usage', async () => {
  const { body: project } = await ask(service, 'POST', '/v1/projects', {
    body: { name: 'charged-on-expiry', reservationExpiry: 'charged' },
  })
  const { key, id } = await reserve(60, { project: project.id }, 1)
  const overdue = await reserve(100, { project: project.id }, 1)
  clock += 1000
  // Ended by a charge that is refused all the same; told with the others.
  expect(await verify(service, overdue.secret, { cost: { tokens: 1 } })).toMatchObject({
    valid: false,
  })
  await expireDue()
  expect(await quotaOf(key.id)).toMatchObject({ used: 60, reserved: 0 })
  expect((await release(id)).body).toMatchObject({ state: 'expired', charged: { tokens: 60 } })
  expect(await chargedUsage(key.id)).toEqual([['tokens', 60]])
  expect(await chargedUsage(overdue.key.id)).toEqual([['tokens', 100]])
})

test('a backlog of overdue reservations is worked off by one tick', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const ask = () => verify(service, secret, { reserve: { images: 1 }, reserveSeconds: 1 })
  const verdicts = await Promise.all(Array.from({ length: 1100 }, ask))
  expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(['valid']))
  clock += 1000
  await expireDue()
  expect(await service.deps.store.expireReservations(clock, 10)).toEqual([])
  expect(await quotaOf(key.id)).toMatchObject({ used: 0, reserved: 0 })
  clock += 86_400_000
  await expireDue()
  expect(await service.deps.store.forgetReservations(clock, 10)).toBe(0)
})

test('after the count was set, an open reservation moves nothing and says so', async () => {
  const { key, id } = await reserve(60)
  const set = await ask(service, 'POST', `/v1/keys/${key.id}/quotas`, {
    body: { name: 'tokens', used: 7 },
  })
  expect(set.body.quotas.tokens).toMatchObject({ used: 7, reserved: 0 })
  expect((await settle(id, { tokens: 10 })).body).toMatchObject({
    charged: {},
    dropped: { tokens: 10 },
  })
  expect(await quotaOf(key.id)).toMatchObject({ used: 7, reserved: 0 })
})

test('after the end of its period a reservation is charged to that period', async () => {
  clock = Date.UTC(2026, 6, 1) - 1000
  const { key, secret, id } = await reserve(60)
  clock += 1000
  expect(await quotaOf(key.id)).toMatchObject({ used: 0, reserved: 0 })
  expect(await verify(service, secret, { cost: { tokens: 100 } })).toMatchObject({ valid: true })
  expect((await settle(id, { tokens: 50 })).body).toMatchObject({ charged: { tokens: 50 } })
  expect(await quotaOf(key.id)).toMatchObject({ used: 100, reserved: 0 })
})

test('a reservation of another project, an unknown and a forgotten one look the same', async () => {
  const { body: project } = await ask(service, 'POST', '/v1/projects', {
    body: { name: 'of-others' },
  })
  const { id } = await reserve(60)
  const forgotten = await reserve(10)
  await release(forgotten.id)
  const { secret: token } = await createToken(service, { project: project.id })
  clock += 1
  const answers = [
    await settle(id, { tokens: 1 }, token),
    await release(id, token),
    await settle('hq8kwyd6tabkegcw', { tokens: 1 }),
  ]
  clock += 86_400_000
  answers.push(await release(forgotten.id))
  for (const { status, body } of answers) {
    expect(status).toBe(404)
    const { requestId: _id, instance: _instance, ...problem } = body
    const { requestId: _first, instance: _of, ...first } = answers[0]?.body ?? {}
    expect(problem).toEqual(first)
    expect(problem.code).toBe('reservation_not_found')
  }
  // What nobody ended ended by itself, and not by the other project.
  expect((await release(id)).body).toMatchObject({ state: 'expired', released: { tokens: 60 } })
})

test('a token that may only verify settles and releases; one that may not verify does not', async () => {
  const { id } = await reserve(60)
  const { secret: other } = await createToken(service, { permissions: ['keys:write', 'keys:read'] })
  expect((await settle(id, {}, other)).status).toBe(403)
  const { secret: verifier } = await createToken(service, { permissions: ['keys:verify'] })
  expect((await settle(id, {}, verifier)).status).toBe(200)
  expect((await release(id, verifier)).status).toBe(200)
})

test('what a charge has ended just before a stop is in the usage after it', async () => {
  const dataDir = tempFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const options = { config: { dataDir }, now: () => clock }
  const before = await startService({ ...options, closeItself: false })
  const body = { reservationExpiry: 'charged' }
  expect((await ask(before, 'PATCH', '/v1/projects/default', { body })).status).toBe(200)
  const { key, secret } = await createKey(before, { quotas: QUOTAS })
  await verify(before, secret, { reserve: { tokens: 60 }, reserveSeconds: 1 })
  clock += 1000
  expect(await verify(before, secret, { cost: { tokens: 60 } })).toMatchObject({
    code: 'quota_exhausted',
  })
  await before.close()
  const after = await startService(options)
  const row = {
    keyId: key.id,
    scope: null,
    resolution: 'hour',
    from: 0,
    to: HOUR_MS * 1e6,
  } as const
  const rows = await after.deps.store.readUsage(row)
  expect(rows.filter(({ kind }) => kind === 'charged')).toMatchObject([
    { name: 'tokens', amount: 60 },
  ])
})
