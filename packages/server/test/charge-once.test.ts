import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  type Answer,
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
} from './_service.ts'

// A verification with an Idempotency-Key charges once within 60 seconds, however often it is sent.

const NOW = Date.UTC(2026, 5, 1)
const QUOTAS = { credits: { limit: 100, period: 'none' } }

let service: TestService
let clock = NOW

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
afterAll(() => service.close())
// Each test has its own minute.
beforeEach(() => {
  clock += 60_000
})

function send(
  secret: string,
  question: object,
  options: { key?: string; token?: string; from?: TestService } = {},
): Promise<Answer> {
  const { key = 'request-1', token, from = service } = options
  return ask(from, 'POST', '/v1/verify', {
    body: { secret, ...question },
    headers: { 'idempotency-key': key },
    ...(token === undefined ? {} : { token }),
  })
}

const quotaOf = async (id: string, from = service) =>
  (await ask(from, 'GET', `/v1/keys/${id}`)).body.quotas.credits

test('a lost answer is asked for again and charged once', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const first = await send(secret, { cost: 30 })
  expect(first.body).toMatchObject({ valid: true, remaining: { credits: 70 } })
  clock += 59_999
  expect((await send(secret, { cost: 30 })).body).toEqual(first.body)
  expect(await quotaOf(key.id)).toMatchObject({ used: 30 })
  const next = await send(secret, { cost: 30 }, { key: 'request-2' })
  expect(next.body).toMatchObject({ remaining: { credits: 40 } })
})

test('after 60 seconds the same key charges anew', async () => {
  const { secret } = await createKey(service, { quotas: QUOTAS })
  await send(secret, { cost: 30 })
  clock += 60_000
  expect((await send(secret, { cost: 30 })).body).toMatchObject({ remaining: { credits: 40 } })
})

test('of 30 concurrent twins one is charged, and all get the same answer', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const answers = await Promise.all(Array.from({ length: 30 }, () => send(secret, { cost: 30 })))
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(answers[0]?.body).toMatchObject({ valid: true, remaining: { credits: 70 } })
  expect(await quotaOf(key.id)).toMatchObject({ used: 30 })
})

test('a restart forgets no charged request', async () => {
  const dataDir = tempFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const options = { config: { dataDir }, now: () => clock }
  const before = await startService({ ...options, closeItself: false })
  const { key, secret } = await createKey(before, { quotas: QUOTAS })
  const token = (await createToken(before)).secret
  const first = await send(secret, { cost: 30 }, { token, from: before })
  await before.close()
  const after = await startService(options)
  const again = await send(secret, { cost: 30 }, { token, from: after })
  expect(again.body).toEqual(first.body)
  expect(await ask(after, 'GET', `/v1/keys/${key.id}`, { token })).toMatchObject({
    body: { quotas: { credits: { used: 30 } } },
  })
})

test('another question under the same key is 422 and charges nothing', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const other = await createKey(service, { quotas: QUOTAS })
  await send(secret, { cost: 30 })
  const questions = [{ cost: 31 }, { cost: 30, model: null }, { reserve: { credits: 30 } }]
  const answers = await Promise.all([
    ...questions.map((question) => send(secret, question)),
    send(other.secret, { cost: 30 }),
  ])
  for (const { status, body } of answers) {
    expect([status, body.code]).toEqual([422, 'idempotency_mismatch'])
  }
  expect(await quotaOf(key.id)).toMatchObject({ used: 30, reserved: 0 })
  expect(await quotaOf(other.key.id)).toMatchObject({ used: 0, reserved: 0 })
})

test('a repeated reservation is one reservation', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const question = { reserve: { credits: 40 }, reserveSeconds: 10 }
  const answers = await Promise.all([send(secret, question), send(secret, question)])
  answers.push(await send(secret, question))
  const ids = new Set(answers.map(({ body }) => body.reservationId))
  expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-z]{16}$/)])
  expect(await quotaOf(key.id)).toMatchObject({ used: 0, reserved: 40 })
})

test('a repetition names what was left of the quotas that were charged, whatever the key has now', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const first = await send(secret, { cost: 30 })
  const quotas = { images: { limit: 5, period: 'day' }, credits: { limit: 80, period: 'none' } }
  await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { quotas } })
  const again = await send(secret, { cost: 30 })
  expect(again.body.remaining).toEqual({ credits: 70 })
  expect(again.body).toEqual(first.body)
})

test('a refusal is not kept: the same request succeeds once there is room', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  expect((await send(secret, { cost: 101 })).body).toMatchObject({ code: 'quota_exhausted' })
  const quotas = { credits: { limit: 101, period: 'none' } }
  await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { quotas } })
  expect((await send(secret, { cost: 101 })).body).toMatchObject({ remaining: { credits: 0 } })
})

test('the state of the key is asked anew: a repetition after its revocation is refused', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  await send(secret, { cost: 30 })
  await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
  expect((await send(secret, { cost: 30 })).body).toEqual({ valid: false, code: 'revoked' })
})

test('each caller has his own keys', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  const { secret: token } = await createToken(service)
  await send(secret, { cost: 30 })
  await send(secret, { cost: 30 }, { token })
  expect(await quotaOf(key.id)).toMatchObject({ used: 60 })
})

test.each(['', ' ', 'a b', 'ü', 'x'.repeat(256), 'a\tb'])(
  'the key %j is refused with its name, and nothing is charged',
  async (idempotencyKey) => {
    const { key, secret } = await createKey(service, { quotas: QUOTAS })
    const { status, body } = await send(secret, { cost: 30 }, { key: idempotencyKey })
    expect([status, body.code, body.fields[0].path]).toEqual([
      ...[400, 'invalid_request', 'Idempotency-Key'],
    ])
    expect(await quotaOf(key.id)).toMatchObject({ used: 0 })
  },
)
