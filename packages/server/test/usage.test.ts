import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { VERDICT_CODES } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
  verify,
} from './_service.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 10:20 of some day. */
const NOW = Date.UTC(2027, 0, 15, 10, 20)
const iso = (at: number) => new Date(at).toISOString()

/** A service with a clock of its own, and its one key. */
async function start(body: Record<string, unknown> = {}) {
  const clock = { now: NOW }
  const service = await startService({ now: () => clock.now })
  const { key, secret } = await createKey(service, { expiresAt: null, ...body })
  const usage = async (query = '', token?: string) => {
    await service.deps.usage.flush()
    const options = token === undefined ? {} : { token }
    return ask(service, 'GET', `/v1/keys/${key.id}/usage${query}`, options)
  }
  return { service, clock, key, secret, usage }
}

describe('keys.usage', () => {
  test('counts each verdict by its code, and what valid requests were charged by name', async () => {
    const { service, key, secret, usage } = await start({
      allowedModels: ['llama-*'],
      quotas: {},
    })
    await verify(service, secret, { model: 'llama-3', cost: { tokens: 30, images: 1 } })
    await verify(service, secret, { model: null, cost: { tokens: 12 } })
    await verify(service, secret, { model: null, cost: 5 })
    await verify(service, secret, { model: null, cost: 0 })
    await verify(service, secret, { model: 'gpt', cost: { tokens: 1000 } })
    await verify(service, secret, { cost: { tokens: 1000 } })
    await verify(service, secret, { model: null, permissions: ['jobs:write'] })
    const { status, body } = await usage()
    expect(status).toBe(200)
    expect(body).toEqual({
      keyId: key.id,
      resolution: 'hour',
      from: '2027-01-14T10:00:00.000Z',
      to: '2027-01-15T10:20:00.000Z',
      points: [
        {
          at: '2027-01-15T10:00:00.000Z',
          charged: { tokens: 42, images: 1, credits: 5 },
          verdicts: { valid: 4, model_not_allowed: 1, model_required: 1, missing_permission: 1 },
        },
      ],
    })
  })

  test('refusals by a rate limit are counted by their code and charge nothing', async () => {
    const { service, secret, usage } = await start({
      rateLimits: { requests: { limit: 2, windowSeconds: 3600 } },
    })
    const codes: string[] = []
    for (let round = 0; round < 5; round += 1) {
      codes.push((await verify(service, secret, { cost: { tokens: 10 } })).code)
    }
    expect(codes).toEqual(['valid', 'valid', 'rate_limited', 'rate_limited', 'rate_limited'])
    expect((await usage()).body.points).toMatchObject([
      { charged: { tokens: 20 }, verdicts: { valid: 2, rate_limited: 3 } },
    ])
  })

  test('what names no key is counted under none', async () => {
    const { service, key, secret, usage } = await start()
    await verify(service, 'not a secret')
    await verify(service, `${secret.slice(0, -6)}000000`)
    expect((await usage()).body.points).toEqual([])
    const other = await createKey(service, {})
    await verify(service, other.secret)
    expect((await usage()).body.points).toEqual([])
    expect(key.id).not.toBe(other.key.id)
  })

  test('a request belongs to the hour it was decided in, and to its day', async () => {
    const { service, clock, secret, usage } = await start()
    const midnight = Date.UTC(2027, 0, 16)
    for (const at of [midnight - 1, midnight, midnight + HOUR - 1, midnight + HOUR]) {
      clock.now = at
      await verify(service, secret, { cost: { tokens: 1 } })
    }
    clock.now += 1
    const points = async (query: string) =>
      (await usage(query)).body.points.map((point: { at: string; charged: { tokens: number } }) => [
        point.at,
        point.charged.tokens,
      ])
    expect(await points('')).toEqual([
      [iso(midnight - HOUR), 1],
      [iso(midnight), 2],
      [iso(midnight + HOUR), 1],
    ])
    expect(await points('?resolution=day')).toEqual([
      [iso(midnight - DAY), 1],
      [iso(midnight), 3],
    ])
    const from = `?from=${iso(midnight + HOUR / 2)}`
    expect(await points(`${from}&to=${iso(midnight + HOUR)}`)).toEqual([[iso(midnight), 2]])
    expect(await points(`?resolution=day&from=${iso(midnight)}&to=${iso(midnight + 1)}`)).toEqual([
      [iso(midnight), 3],
    ])
  })

  test('a rotation, a disabling and a revocation keep the usage and are counted in it', async () => {
    const { service, key, secret, usage } = await start()
    await verify(service, secret)
    const path = `/v1/keys/${key.id}`
    const { body } = await ask(service, 'POST', `${path}/rotate`, { body: { overlapSeconds: 0 } })
    await verify(service, body.secret)
    await verify(service, secret)
    await ask(service, 'POST', `${path}/disable`)
    await verify(service, body.secret)
    await ask(service, 'POST', `${path}/revoke`, { body: {} })
    await verify(service, body.secret)
    expect((await usage()).body.points).toMatchObject([
      { verdicts: { valid: 2, expired: 1, disabled: 1, revoked: 1 } },
    ])
  })

  test('an invented name is counted like any other, names of the prototype too', async () => {
    const { service, secret, usage } = await start()
    for (const name of ['constructor', 'tostring', 'valueof', 'has_own_property']) {
      await verify(service, secret, { cost: { [name]: 2 } })
    }
    expect((await usage()).body.points[0].charged).toEqual({
      constructor: 2,
      tostring: 2,
      valueof: 2,
      has_own_property: 2,
    })
  })

  test('a caller who invents a name per request fills 64 of an hour and no more', async () => {
    const { service, secret, usage } = await start()
    for (let round = 0; round < 100; round += 1) {
      await verify(service, secret, { cost: { [`name_${round}`]: 1 } })
      // Also when each second has its own names.
      if (round % 10 === 0) await service.deps.usage.flush()
    }
    const [{ charged, verdicts }] = (await usage()).body.points
    expect(Object.keys(charged)).toHaveLength(64)
    expect(charged).toMatchObject({ name_0: 1, name_63: 1 })
    expect(verdicts).toEqual({ valid: 100 })
  })

  test('a request that is repeated under its idempotency key is charged once', async () => {
    const { service, secret, usage } = await start({
      quotas: { tokens: { limit: 100, period: 'none' } },
    })
    for (let round = 0; round < 3; round += 1) {
      const { body } = await ask(service, 'POST', '/v1/verify', {
        body: { secret, cost: { tokens: 7, images: 1 } },
        headers: { 'idempotency-key': 'once' },
      })
      expect(body.code).toBe('valid')
    }
    expect((await usage()).body.points).toMatchObject([
      { charged: { tokens: 7, images: 1 }, verdicts: { valid: 3 } },
    ])
  })

  test('a reservation counts with what it ended with, once, and not while it is open', async () => {
    const { service, secret, usage } = await start({
      quotas: { tokens: { limit: 100, period: 'none' } },
    })
    const reserved = async () =>
      (await verify(service, secret, { reserve: { tokens: 40 } })).reservationId
    const [settled, released] = [await reserved(), await reserved()]
    expect((await usage()).body.points).toMatchObject([{ charged: {}, verdicts: { valid: 2 } }])
    for (let round = 0; round < 2; round += 1) {
      await ask(service, 'POST', `/v1/reservations/${settled}/settle`, {
        body: { cost: { tokens: 12 } },
      })
      await ask(service, 'POST', `/v1/reservations/${released}/release`)
    }
    expect((await usage()).body.points[0].charged).toEqual({ tokens: 12 })
  })

  test('amounts near 2^53 come back exact, and stop there', async () => {
    const { service, clock, secret, usage } = await start()
    const most = Number.MAX_SAFE_INTEGER
    await verify(service, secret, { cost: { tokens: most - 1 } })
    expect((await usage()).body.points[0].charged).toEqual({ tokens: most - 1 })
    await verify(service, secret, { cost: { tokens: 1 } })
    expect((await usage()).body.points[0].charged).toEqual({ tokens: most })
    await verify(service, secret, { cost: { tokens: most } })
    clock.now += HOUR
    await verify(service, secret, { cost: { tokens: most } })
    expect((await usage('?resolution=day')).body.points[0].charged).toEqual({ tokens: most })
  })

  test('a wrong range is refused by its field, with the fix', async () => {
    const { usage } = await start()
    const wrong: [query: string, path: string, message: RegExp][] = [
      [`?from=${iso(NOW + 1)}`, 'from', /before now/],
      [`?from=${iso(NOW)}&to=${iso(NOW - 1)}`, 'from', /before to/],
      [`?from=${iso(NOW - 1000 * HOUR)}`, 'from', /1000 points at most, or ask for resolution=day/],
      [`?resolution=day&from=${iso(NOW - 1000 * DAY)}`, 'from', /1000 points at most$/],
      ['?from=yesterday', 'from', /a time such as/],
      ['?to=2027-01-15', 'to', /a time such as/],
      ['?resolution=week', 'resolution', /hour,day/],
      ['?points=5', 'points', /no such field/],
    ]
    for (const [query, path, message] of wrong) {
      const { status, body } = await usage(query)
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_request'])
      expect(body.fields).toEqual([{ path, message: expect.stringMatching(message) }])
    }
    expect((await usage(`?from=${iso(NOW - 999 * HOUR)}`)).status).toBe(200)
  })

  test('needs keys:read, and a foreign key looks absent', async () => {
    const { service, key, secret, usage } = await start()
    await verify(service, secret)
    const { body: project } = await ask(service, 'POST', '/v1/projects', {
      body: { name: 'other' },
    })
    const token = async (permissions: string[], of: string) =>
      (await createToken(service, { permissions, project: of })).secret
    expect((await usage('', await token(['keys:read'], key.project))).body.points).toHaveLength(1)
    expect((await usage('', await token(['keys:write'], key.project))).status).toBe(403)
    const foreign = await usage('', await token(['keys:read'], project.id))
    const absent = await ask(service, 'GET', `/v1/keys/${generateId()}/usage`)
    expect([foreign.status, foreign.body.code]).toEqual([404, 'key_not_found'])
    expect([absent.status, absent.body.code]).toEqual([404, 'key_not_found'])
  })

  test('every verdict of a key has a code of the table', async () => {
    const { service, secret, usage } = await start()
    await verify(service, secret)
    const [{ verdicts }] = (await usage()).body.points
    for (const code of Object.keys(verdicts)) expect(VERDICT_CODES).toHaveProperty(code)
  })
})

describe('last use', () => {
  const lastUsedAt = async (service: TestService, id: string) => {
    await service.deps.lastUsed.flush()
    return (await ask(service, 'GET', `/v1/keys/${id}`)).body.lastUsedAt
  }

  test('a valid verification under a rate limit is one, a refused one is none', async () => {
    const { service, clock, key, secret } = await start({
      rateLimits: { requests: { limit: 1, windowSeconds: 3600 } },
    })
    expect(await lastUsedAt(service, key.id)).toBeNull()
    expect((await verify(service, secret)).code).toBe('valid')
    expect(await lastUsedAt(service, key.id)).toBe(iso(NOW))
    clock.now += 1000
    expect((await verify(service, secret)).code).toBe('rate_limited')
    expect(await lastUsedAt(service, key.id)).toBe(iso(NOW))
  })

  test('the same under a quota: what was charged is a use, what was exhausted is none', async () => {
    const { service, clock, key, secret, usage } = await start({
      quotas: { tokens: { limit: 10, period: 'none' } },
    })
    expect((await verify(service, secret, { cost: { tokens: 11 } })).code).toBe('quota_exhausted')
    expect(await lastUsedAt(service, key.id)).toBeNull()
    expect((await verify(service, secret, { cost: { tokens: 10 } })).code).toBe('valid')
    expect(await lastUsedAt(service, key.id)).toBe(iso(NOW))
    clock.now += 1000
    expect((await verify(service, secret, { cost: { tokens: 1 } })).code).toBe('quota_exhausted')
    expect(await lastUsedAt(service, key.id)).toBe(iso(NOW))
    expect((await usage()).body.points).toMatchObject([
      { charged: { tokens: 10 }, verdicts: { valid: 1, quota_exhausted: 2 } },
    ])
  })
})

describe('retention', () => {
  test('the start turns hours of more than 90 days ago into days, and no sum of a day changes', async () => {
    const dataDir = tempFolder()
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const clock = { now: NOW }
    const start = () =>
      startService({ closeItself: false, now: () => clock.now, config: { dataDir } })
    const first = await start()
    const { key, secret } = await createKey(first, { expiresAt: null })
    for (const [index, minutes] of [0, 60, 300, 819, 820, 1440, 3600].entries()) {
      clock.now = NOW + minutes * 60_000
      expect((await verify(first, secret, { cost: { tokens: index + 1 } })).code).toBe('valid')
    }
    const read = async (service: TestService, resolution: string) => {
      const range = `from=${iso(NOW - DAY)}&to=${iso(NOW + 4 * DAY)}`
      const path = `/v1/keys/${key.id}/usage?resolution=${resolution}&${range}`
      return (await ask(service, 'GET', path)).body.points
    }
    await first.deps.usage.flush()
    const days = await read(first, 'day')
    expect(days).toHaveLength(3)
    expect(await read(first, 'hour')).toHaveLength(7)
    await first.close()

    const hoursLeft = async (now: number) => {
      clock.now = now
      const service = await start()
      // The start has queued its work before this request.
      await service.deps.store.recordUses([])
      const left = await read(service, 'hour')
      expect(await read(service, 'day')).toEqual(days)
      await service.close()
      return left.length
    }
    const midnight = Date.UTC(2027, 0, 16)
    expect(await hoursLeft(midnight + 90 * DAY - 1)).toBe(7)
    expect(await hoursLeft(midnight + 90 * DAY)).toBe(3)
    expect(await hoursLeft(midnight + 90 * DAY)).toBe(3)
    expect(await hoursLeft(midnight + 95 * DAY)).toBe(0)
    const db = new Database(join(dataDir, 'keysmith.db'), { readonly: true })
    const kept = db
      .prepare('SELECT resolution, start % ? AS rest, name FROM usage ORDER BY name, start')
      .all(DAY)
    db.close()
    const tokens = { resolution: 'day', rest: 0, name: 'tokens' }
    expect(kept).toEqual([...Array(3).fill(tokens), ...Array(3).fill({ ...tokens, name: 'valid' })])
  })
})
