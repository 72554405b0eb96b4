import { generateKey, parseKey } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { secretSha256 } from '../src/keys/secret-digest.ts'
import { ask, createKey, startService, type TestService, verify } from './_service.ts'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000
const iso = (at: number) => new Date(at).toISOString()

/** A service whose time stands still until the test moves it. */
async function startAt(now = NOW) {
  const clock = { now }
  const service = await startService({ now: () => clock.now })
  return { service, clock }
}

const rotate = (service: TestService, id: string, body: object = {}) =>
  ask(service, 'POST', `/v1/keys/${id}/rotate`, { body })
const setOverlap = (service: TestService, id: string, overlapSeconds: number) =>
  ask(service, 'POST', `/v1/keys/${id}/overlap`, { body: { overlapSeconds } })
const getKey = async (service: TestService, id: string) =>
  (await ask(service, 'GET', `/v1/keys/${id}`)).body
const codeOf = async (service: TestService, secret: string) => (await verify(service, secret)).code

async function actions(service: TestService, id: string) {
  const { body } = await ask(service, 'GET', `/v1/audit-events?target=${id}`)
  return body.items.map((event: { action: string }) => event.action)
}

describe('rotation', () => {
  test('without a word about it the old secret works for 24 hours, to the millisecond', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    clock.now += 1000
    const rotated = await rotate(service, key.id)
    expect(rotated.status).toBe(200)
    const end = clock.now + DAY_MS
    expect(rotated.body.key.secrets).toMatchObject([
      { version: clock.now, createdAt: iso(clock.now), endsAt: null, mintedBy: 'server' },
      { version: NOW, endsAt: iso(end), mintedBy: 'server' },
    ])
    clock.now = end - 1
    expect(await codeOf(service, secret)).toBe('valid')
    clock.now = end
    expect(await codeOf(service, secret)).toBe('expired')
    expect(await codeOf(service, rotated.body.secret)).toBe('valid')
  })

  test('the overlap of the key counts where the request names none', async () => {
    const { service, clock } = await startAt()
    const rotation = { everySeconds: 3600, overlapSeconds: 60 }
    const { key } = await createKey(service, { rotation })
    clock.now += 3_600_000
    expect((await getKey(service, key.id)).rotationDue).toBe(true)
    const own = await rotate(service, key.id)
    expect(own.body.key).toMatchObject({
      rotationDue: false,
      secrets: [{}, { endsAt: iso(clock.now + 60_000) }],
    })
    clock.now += 60_000
    const named = await rotate(service, key.id, { overlapSeconds: 5 })
    expect(named.body.key.secrets[1].endsAt).toBe(iso(clock.now + 5000))
  })

  test('the id, the rights and the history stay; brand and kind are those of the key', async () => {
    const { service } = await startAt()
    const attributes = { permissions: ['jobs:*'], metadata: { team: 'a' }, environment: 'test' }
    const { key } = await createKey(service, attributes)
    const before = await getKey(service, key.id)
    const { body } = await rotate(service, key.id)
    const changed = { secrets: body.key.secrets, secretVersion: body.key.secretVersion }
    expect(body.key).toEqual({ ...before, ...changed })
    expect(parseKey(body.secret)).toMatchObject({ ok: true, id: key.id, brand: 'ks', kind: 'test' })
  })

  test('while an older secret works the next rotation is refused, and nothing is ended', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    const second = await rotate(service, key.id, { overlapSeconds: 60 })
    const refused = await rotate(service, key.id)
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'overlap_running',
      keyId: key.id,
      secrets: [
        { version: NOW + 1, endsAt: null, lastUsedAt: null },
        { version: NOW, endsAt: iso(NOW + 60_000), lastUsedAt: null },
      ],
    })
    expect(refused.body.secret).toBeUndefined()
    expect(await codeOf(service, secret)).toBe('valid')
    expect(await codeOf(service, second.body.secret)).toBe('valid')
    expect(await actions(service, key.id)).toEqual(['key.rotated', 'key.created'])
    clock.now += 60_000
    expect((await rotate(service, key.id)).status).toBe(200)
  })

  test('with an overlap of 0 all older secrets end now, also one whose overlap runs', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service)
    const second = await rotate(service, key.id, { overlapSeconds: 3600 })
    const third = await rotate(service, key.id, { overlapSeconds: 0 })
    expect(await codeOf(service, third.body.secret)).toBe('valid')
    expect(await codeOf(service, second.body.secret)).toBe('expired')
    expect(await codeOf(service, secret)).toBe('unknown')
  })

  test('replaces ends the secret that was lost on its way, and the older one keeps its end', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    const lost = await rotate(service, key.id, { overlapSeconds: 60 })
    clock.now += 10_000
    const { secretVersion } = await getKey(service, key.id)
    const wrong = await rotate(service, key.id, { replaces: secretVersion - 1 })
    expect(wrong.status).toBe(409)
    expect(wrong.body).toMatchObject({ code: 'edit_conflict', keyId: key.id, secretVersion })
    const again = await rotate(service, key.id, { replaces: secretVersion })
    expect(again.status).toBe(200)
    expect(again.body.key.secrets).toMatchObject([
      { version: clock.now },
      { version: NOW, endsAt: iso(NOW + 60_000) },
    ])
    expect(await codeOf(service, lost.body.secret)).toBe('unknown')
    expect(await codeOf(service, again.body.secret)).toBe('valid')
    expect(await codeOf(service, secret)).toBe('valid')
    clock.now = NOW + 60_000
    expect(await codeOf(service, secret)).toBe('expired')
  })

  test('replaces on a key with one secret leaves only the new one', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service)
    const { body } = await rotate(service, key.id, { replaces: key.secretVersion })
    expect(body.key.secrets).toHaveLength(1)
    expect(await codeOf(service, secret)).toBe('unknown')
    expect(await codeOf(service, body.secret)).toBe('valid')
  })

  test('versions rise strictly, also while the clock stands still or goes back', async () => {
    const { service, clock } = await startAt()
    const { key } = await createKey(service)
    const versions = [key.secretVersion]
    for (const step of [0, 0, -5000, 0, 10_000]) {
      clock.now += step
      const { body } = await rotate(service, key.id, { overlapSeconds: 0 })
      versions.push(body.key.secretVersion)
    }
    expect(versions).toEqual([NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4, NOW + 5000])
  })

  test('of rotations at the same moment one wins per version, and the winner of the last works', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service)
    const racers = Array.from({ length: 30 }, () => rotate(service, key.id, { overlapSeconds: 0 }))
    const answers = await Promise.all(racers)
    const won = answers.filter(({ status }) => status === 200)
    const lost = answers.filter(({ status }) => status !== 200)
    expect(won.length).toBeGreaterThan(0)
    expect(lost.length).toBeGreaterThan(0)
    for (const { status, body } of lost) {
      expect([status, body.code, body.secret]).toEqual([409, 'edit_conflict', undefined])
    }
    const events = (
      await ask(service, 'GET', `/v1/audit-events?target=${key.id}&action=key.rotated`)
    ).body.items
    const from = events.map((event: { details: { from: number } }) => event.details.from)
    expect(from).toHaveLength(won.length)
    expect(new Set(from).size).toBe(from.length)
    const codes = await Promise.all(won.map(({ body }) => codeOf(service, body.secret)))
    expect(codes.filter((code) => code === 'valid')).toHaveLength(1)
  })

  test('a minted secret must carry the id of the key, and one that was replaced cannot come back', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service)
    const foreign = generateKey({ brand: 'ks', kind: 'live' })
    const mismatch = await rotate(service, key.id, {
      id: foreign.id,
      secretSha256: secretSha256(foreign.secret),
    })
    expect(mismatch.status).toBe(409)
    expect(mismatch.body).toMatchObject({ code: 'id_mismatch', keyId: key.id })

    const mine = generateKey({ brand: 'ks', kind: 'live', id: key.id })
    const pair = { id: key.id, secretSha256: secretSha256(mine.secret) }
    const registered = await rotate(service, key.id, pair)
    expect(registered.status).toBe(200)
    expect(registered.body.secret).toBeUndefined()
    expect(registered.body.key.secrets[0].mintedBy).toBe('client')
    expect(await codeOf(service, mine.secret)).toBe('valid')
    const back = { id: key.id, secretSha256: secretSha256(secret), overlapSeconds: 0 }
    const refused = await rotate(service, key.id, back)
    expect([refused.status, refused.body.code]).toEqual([422, 'policy_violation'])
  })

  test('a revoked key is not rotated, an absent one is not found', async () => {
    const { service } = await startAt()
    const { key } = await createKey(service)
    await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
    const revoked = await rotate(service, key.id)
    expect([revoked.status, revoked.body.code]).toEqual([409, 'key_revoked'])
    const absent = await rotate(service, generateKey({ brand: 'ks', kind: 'live' }).id)
    expect([absent.status, absent.body.code]).toEqual([404, 'key_not_found'])
  })
})

describe('the end of an overlap', () => {
  test('moves nearer and further, counted from now', async () => {
    const { service, clock } = await startAt()
    const { key, secret } = await createKey(service)
    await rotate(service, key.id, { overlapSeconds: 60 })
    clock.now += 10_000
    const longer = await setOverlap(service, key.id, 3600)
    expect(longer.status).toBe(200)
    expect(longer.body.secrets[1].endsAt).toBe(iso(clock.now + 3_600_000))
    clock.now += 100_000
    expect(await codeOf(service, secret)).toBe('valid')
    await setOverlap(service, key.id, 1)
    expect(await codeOf(service, secret)).toBe('valid')
    clock.now += 1000
    expect(await codeOf(service, secret)).toBe('expired')
  })

  test('set to 0 refuses the older secret with the next request, though its row was in the cache', async () => {
    const { service } = await startAt()
    const { key, secret } = await createKey(service)
    const { body } = await rotate(service, key.id)
    expect(await codeOf(service, secret)).toBe('valid')
    await setOverlap(service, key.id, 0)
    expect(await codeOf(service, secret)).toBe('expired')
    expect(await codeOf(service, body.secret)).toBe('valid')
    expect((await rotate(service, key.id)).status).toBe(200)
  })

  test('cannot be set where none runs', async () => {
    const { service, clock } = await startAt()
    const { key } = await createKey(service)
    const never = await setOverlap(service, key.id, 60)
    expect([never.status, never.body.code]).toEqual([409, 'no_overlap'])
    await rotate(service, key.id, { overlapSeconds: 60 })
    clock.now += 60_000
    const over = await setOverlap(service, key.id, 60)
    expect([over.status, over.body.code]).toEqual([409, 'no_overlap'])
    expect(await actions(service, key.id)).toEqual(['key.rotated', 'key.created'])
  })
})
