import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, NotFoundError, type Question, ValidationError } from '../src/index.ts'
import { leases } from '../src/leases.ts'
import { createVerifier } from '../src/verifier.ts'
import { answerWith, type Between, passOn, sendOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

// What costs is charged once, and never decided from memory.

let keysmith: Keysmith
beforeAll(async () => {
  keysmith = await startKeysmith()
})
afterAll(() => keysmith.stop())

const verifier = (baseUrl = keysmith.url) =>
  createVerifier({ baseUrl, token: keysmith.token, precheck: 'off', timeoutMs: 10_000 })

const createKey = () =>
  keysmith.client.keys.create({
    name: 'spender',
    quotas: {
      credits: { limit: 100, period: 'month' },
      tokens: { limit: 1000, period: 'none' },
    },
  })

async function counts(id: string) {
  const { quotas } = await keysmith.client.keys.get(id)
  const { credits, tokens } = quotas
  return { credits: credits?.used, tokens: tokens?.used, reserved: tokens?.reserved }
}

/** Carries every request out, and breaks the connection instead of giving the first answers back. */
function dropping(answers: number): Promise<Between> {
  const forward = passOn(keysmith.url)
  let left = answers
  return answerWith(async (request, response) => {
    if (left-- <= 0) return forward(request, response)
    await sendOn(keysmith.url, request).then((answer) => answer.text())
    response.destroy()
  })
}

const idempotencyKeys = ({ seen }: Between) => seen.map(({ headers }) => headers['idempotency-key'])

describe('when the answer is lost on the way', () => {
  test('a cost is charged once', async () => {
    const { key, secret } = await createKey()
    const between = await dropping(1)
    const { verify } = verifier(between.url)
    const verdict = await verify(secret, { cost: { credits: 3, tokens: 5 } })
    expect(verdict).toMatchObject({ valid: true, remaining: { credits: 97, tokens: 995 } })
    expect(await counts(key.id)).toEqual({ credits: 3, tokens: 5, reserved: 0 })
    const [first, second] = idempotencyKeys(between)
    expect(first).toMatch(/^[\d-]{8,43}$/)
    expect(second).toBe(first)
    // The next call is another charge.
    await verify(secret, { cost: 3 })
    expect(idempotencyKeys(between)[2]).not.toBe(first)
    expect((await counts(key.id)).credits).toBe(6)
  })

  test('an amount is reserved once, and settled or released once', async () => {
    const { key, secret } = await createKey()
    const between = await dropping(1)
    const { verify, reservations } = verifier(between.url)
    const verdict = await verify(secret, { reserve: { tokens: 400 }, reserveSeconds: 60 })
    if (!verdict.valid || !verdict.reservationId) throw new Error(verdict.code)
    expect(await counts(key.id)).toEqual({ credits: 0, tokens: 0, reserved: 400 })

    const settling = verifier((await dropping(1)).url).reservations
    const settled = await settling.settle(verdict.reservationId, { tokens: 150 })
    expect(settled).toMatchObject({ state: 'settled', charged: { tokens: 150 }, overrun: false })
    expect(await counts(key.id)).toEqual({ credits: 0, tokens: 150, reserved: 0 })
    // What comes later gets the first answer.
    expect(await reservations.release(verdict.reservationId)).toEqual(settled)
    expect(await keysmith.client.reservations.settle(verdict.reservationId, {})).toEqual(settled)

    const next = await verify(secret, { reserve: { tokens: 100 } })
    if (!next.valid || !next.reservationId) throw new Error(next.code)
    const releasing = verifier((await dropping(1)).url).reservations
    expect(await releasing.release(next.reservationId)).toMatchObject({ state: 'released' })
    expect(await counts(key.id)).toEqual({ credits: 0, tokens: 150, reserved: 0 })
  })
})

test('a question without a cost has no idempotency key, one with a cost that of the caller', async () => {
  const { secret } = await createKey()
  const between = await answerWith(passOn(keysmith.url))
  const { verify } = verifier(between.url)
  await verify(secret, { permissions: [] })
  await verify(secret)
  await verify(secret, { cost: 0 })
  await verify(secret, { cost: 1 }, { idempotencyKey: 'mine' })
  const [none, neither, some, mine] = idempotencyKeys(between)
  expect([none, neither, mine]).toEqual([undefined, undefined, 'mine'])
  expect(some).toBeTruthy()
})

describe('a refusal says', () => {
  test('which quota, and when it starts again', async () => {
    const { secret } = await createKey()
    const { verify } = keysmith.client
    const month = await verify(secret, { cost: 101 })
    expect(month).toMatchObject({ valid: false, code: 'quota_exhausted', quota: 'credits' })
    expect(Date.parse(String(month.valid || month.resetsAt))).toBeGreaterThan(Date.now())
    const ever = await verify(secret, { reserve: { tokens: 1001 } })
    expect(ever).toMatchObject({ code: 'quota_exhausted', quota: 'tokens', resetsAt: null })
    expect((await verify(secret, { cost: 100 })).valid).toBe(true)
  })

  test('which rate limit, and after which time it passes, or that it never will', async () => {
    const rateLimits = { tokens: { limit: 10, windowSeconds: 3600 } }
    const { secret } = await keysmith.client.keys.create({ name: 'fast', rateLimits })
    const { verify } = keysmith.client
    expect((await verify(secret, { cost: { tokens: 10 } })).valid).toBe(true)
    const refused = await verify(secret, { cost: { tokens: 1 } })
    expect(refused).toMatchObject({ code: 'rate_limited', rateLimit: 'tokens' })
    expect(refused.valid || refused.retryAfterMs).toBeGreaterThan(300_000)
    const never = await verify(secret, { cost: { tokens: 11 } })
    expect(never).toMatchObject({ code: 'rate_limited', retryAfterMs: null })
  })
})

describe('limits are never leased', () => {
  const ask = async (quantity: number, secret: string, question?: Question) => {
    const between = await answerWith(passOn(keysmith.url))
    const verify = { lease: leases(), precheck: 'off' as const, timeoutMs: 10_000 }
    const client = createClient({ baseUrl: between.url, token: keysmith.token, verify })
    await client.verify(secret)
    const before = between.seen.length
    const together = await Promise.all(
      Array.from({ length: quantity }, () => client.verify(secret, question)),
    )
    const oneByOne = await client.verify(secret, question)
    const asked = between.seen.slice(before)
    return { codes: [...together, oneByOne].map(({ code }) => code), asked, between }
  }

  test('of a key with a rate limit, every request is counted', async () => {
    const rateLimits = { requests: { limit: 5, windowSeconds: 3600 } }
    const { secret } = await keysmith.client.keys.create({ name: 'rated', rateLimits })
    const { codes } = await ask(10, secret)
    expect(codes.filter((code) => code === 'valid')).toHaveLength(4)
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(7)
  })

  test('of a key with a quota of requests, every request is charged', async () => {
    const quotas = { requests: { limit: 8, period: 'day' as const } }
    const { key, secret } = await keysmith.client.keys.create({ name: 'counted', quotas })
    const { codes } = await ask(4, secret)
    expect(codes).toEqual(Array(5).fill('valid'))
    const { used } = (await keysmith.client.keys.get(key.id)).quotas.requests ?? {}
    expect(used).toBe(6)
  })

  test.each<[string, Question]>([
    ['a cost', { cost: { tokens: 2 } }],
    ['a reservation', { reserve: { tokens: 2 } }],
  ])('%s is asked each time, also of a key that is leased', async (_what, question) => {
    const { secret } = await keysmith.client.keys.create({ name: 'leased' })
    const { codes, asked, between } = await ask(10, secret, question)
    expect(codes).toEqual(Array(11).fill('valid'))
    expect(asked).toHaveLength(11)
    const keys = idempotencyKeys(between).slice(-11)
    expect(new Set(keys).size).toBe(11)
    expect(keys).not.toContain(undefined)
  })
})

test('what counts as used can be set, and a reservation of before then counts nowhere', async () => {
  const { key, secret } = await createKey()
  const verdict = await keysmith.client.verify(secret, { reserve: { tokens: 10 } })
  const changed = await keysmith.client.keys.setQuotaUsed(key.id, { name: 'tokens', used: 42 })
  expect(changed.quotas.tokens).toMatchObject({ used: 42, reserved: 0 })
  if (!verdict.valid || !verdict.reservationId) throw new Error(verdict.code)
  const settled = await keysmith.client.reservations.settle(verdict.reservationId, { tokens: 4 })
  expect(settled.dropped).toEqual({ tokens: 4 })
  await expect(
    keysmith.client.keys.setQuotaUsed(key.id, { name: 'images', used: 1 }),
  ).rejects.toMatchObject({ code: 'quota_not_found' })
})

test('what a key used is given as a series, by the hour or the day', async () => {
  const { key, secret } = await createKey()
  await keysmith.client.verify(secret, { cost: { tokens: 600, images: 2 } })
  await keysmith.client.verify(secret, { cost: { tokens: 600 } })
  const usage = () => keysmith.client.keys.usage(key.id, { resolution: 'day' })
  const verdicts = { valid: 1, quota_exhausted: 1 }
  await expect
    .poll(async () => (await usage()).points, { timeout: 10_000 })
    .toMatchObject([{ charged: { tokens: 600, images: 2 }, verdicts }])
  expect(await keysmith.client.keys.usage(key.id)).toMatchObject({ resolution: 'hour' })
  await expect(keysmith.client.keys.usage('0000000000000001')).rejects.toThrow(NotFoundError)
})

test('the limits of a policy hold for its keys from the next verification on', async () => {
  const { policies, keys, verify } = keysmith.client
  const quotas = { tokens: { limit: 10, period: 'day' as const } }
  const policy = await policies.create({ name: 'small', quotas })
  const { key, secret } = await keys.create({ name: 'under policy', policyIds: [policy.id] })
  expect((await verify(secret, { cost: { tokens: 11 } })).code).toBe('quota_exhausted')
  await policies.update(policy.id, { quotas: { tokens: { limit: 11, period: 'day' } } })
  expect(await verify(secret, { cost: { tokens: 11 } })).toMatchObject({ remaining: { tokens: 0 } })
  const set = { name: 'tokens', used: 4, policyId: policy.id }
  const { effective } = await keys.setQuotaUsed(key.id, set)
  expect(effective.quotas).toMatchObject([{ source: { kind: 'policy' }, used: 4 }])
  expect(await policies.get(policy.id)).toMatchObject({ name: 'small', keys: 1 })
  expect((await policies.list({ name: 'small' })).items).toHaveLength(1)
  await expect(policies.delete(policy.id)).rejects.toMatchObject({ status: 409 })
  await keys.update(key.id, { policyIds: [] })
  expect(await policies.delete(policy.id)).toBeUndefined()
  await expect(policies.get(policy.id)).rejects.toThrow(NotFoundError)
})

describe('what is no reservation is refused', () => {
  test('by the service, when there is none of this id, or the cost is of another name', async () => {
    const { settle, release } = keysmith.client.reservations
    await expect(settle('0000000000000001', {})).rejects.toThrow(NotFoundError)
    await expect(release('0000000000000001')).rejects.toThrow(NotFoundError)
    const { secret } = await createKey()
    const verdict = await keysmith.client.verify(secret, { reserve: { tokens: 10 } })
    if (!verdict.valid || !verdict.reservationId) throw new Error(verdict.code)
    const other = settle(verdict.reservationId, { credits: 1 })
    await expect(other).rejects.toThrow(ValidationError)
  })

  test('before anything is sent, when it cannot be an id', async () => {
    const { secret } = await createKey()
    const between = await answerWith(passOn(keysmith.url))
    const { reservations } = verifier(between.url)
    for (const id of ['', '..', '../keys', 'a/b', 'a b', 'A1', secret]) {
      const error = await reservations.release(id).catch((found) => found)
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).not.toContain(secret)
    }
    expect(between.seen).toEqual([])
  })
})
