import { rmSync } from 'node:fs'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  ask,
  createKey,
  createToken,
  startService,
  type TestService,
  tempFolder,
  verify,
} from './_service.ts'

// Acceptance of limits 2 and 7: what is granted under a storm is exact to the unit.

const SPENDERS = 64

let service: TestService

beforeEach(async () => {
  service = await startService()
})

/** Repeatable, and the same in every part of its range. */
function createRandom(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

async function quotaOf(id: string) {
  return (await ask(service, 'GET', `/v1/keys/${id}`)).body.quotas.credits
}

test('200 keys of 1,000 units grant exactly those to 64 spenders with costs 1 to 7', async () => {
  const quotas = { credits: { limit: 1000, period: 'none' } }
  const keys = await Promise.all(
    Array.from({ length: 200 }, async () => ({
      ...(await createKey(service, { quotas })),
      granted: 0,
    })),
  )
  const open = [...keys]
  const random = createRandom(1)
  const codes = new Map<string, number>()
  const rests: number[] = []

  const spend = async () => {
    while (open.length > 0) {
      const place = random(open.length)
      const key = open[place]
      if (!key) continue
      const cost = 1 + random(7)
      const verdict = await verify(service, key.secret, { cost })
      codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1)
      if (verdict.code === 'valid') {
        key.granted += cost
        rests.push(verdict.remaining.credits)
      } else if (cost === 1) {
        // Not one unit is left: nobody asks for more.
        const at = open.indexOf(key)
        if (at >= 0) open.splice(at, 1)
      }
    }
  }
  await Promise.all(Array.from({ length: SPENDERS }, spend))

  expect(keys.map(({ granted }) => granted)).toEqual(keys.map(() => 1000))
  expect(Math.min(...rests)).toBe(0)
  expect([...codes.keys()].toSorted()).toEqual(['quota_exhausted', 'valid'])
  for (const { key } of keys) expect(await quotaOf(key.id)).toMatchObject({ used: 1000 })
  process.stdout.write(
    `storm: ${rests.length} charges granted, ${codes.get('quota_exhausted')} refused, 200,000 units exact\n`,
  )
}, 300_000)

test('rotations, edits and switches of a key during a storm keep its count exact', async () => {
  const quotas = { credits: { limit: 1_000_000, period: 'month' } }
  const { key, secret } = await createKey(service, { quotas })
  const path = `/v1/keys/${key.id}`
  const secrets = [secret]
  const random = createRandom(2)
  const codes = new Set<string>()
  let isOver = false
  let charged = 0
  let answered = 0

  const spend = async () => {
    while (!isOver) {
      const cost = 1 + random(7)
      // Also those that a rotation has ended.
      const presented = secrets.at(-1 - random(3)) ?? secret
      const verdict = await verify(service, presented, { cost })
      codes.add(verdict.code)
      answered += 1
      if (verdict.code === 'valid') charged += cost
    }
  }
  const spenders = Array.from({ length: SPENDERS }, spend)
  const edit = (method: 'POST' | 'PATCH', url: string, body?: object) =>
    ask(service, method, url, body === undefined ? {} : { body })
  for (let round = 0; round < 30; round += 1) {
    const rotated = await edit('POST', `${path}/rotate`, { overlapSeconds: round % 2 ? 0 : 60 })
    expect(rotated.status).toBe(200)
    secrets.push(rotated.body.secret)
    const limit = 1_000_000 + round
    const edited = await edit('PATCH', path, { quotas: { credits: { limit, period: 'month' } } })
    expect(edited.status).toBe(200)
    expect((await edit('POST', `${path}/disable`)).status).toBe(200)
    expect((await edit('POST', `${path}/enable`)).status).toBe(200)
  }
  isOver = true
  await Promise.all(spenders)

  expect(await quotaOf(key.id)).toMatchObject({ used: charged, reserved: 0 })
  expect(charged).toBeGreaterThan(100)
  expect(codes).toContain('disabled')
  expect(codes).not.toContain('quota_exhausted')
  expect(answered).toBeGreaterThan(SPENDERS)
}, 120_000)

test('a limit that is lowered during a storm holds from its answer on', async () => {
  const quota = (limit: number) => ({ quotas: { credits: { limit, period: 'none' } } })
  const { key, secret } = await createKey(service, quota(100_000))
  let isLowered = false
  let late = 0
  const spend = async () => {
    for (let asked = 0; asked < 20; asked += 1) {
      const isAfter = isLowered
      const { code } = await verify(service, secret, { cost: 1 })
      if (isAfter && code === 'valid') late += 1
    }
  }
  const spenders = Array.from({ length: SPENDERS }, spend)
  await verify(service, secret, { cost: 1 })
  const lowered = await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: quota(1) })
  isLowered = true
  expect(lowered.status).toBe(200)
  const { used } = lowered.body.quotas.credits
  await Promise.all(spenders)
  expect(used).toBeGreaterThan(1)
  expect(late).toBe(0)
  expect(await quotaOf(key.id)).toMatchObject({ limit: 1, used })
})

test('a stop in the middle of a storm answers what it charged, and charges what it answered', async () => {
  const dataDir = tempFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const stopping = await startService({ config: { dataDir }, closeItself: false })
  const quotas = { credits: { limit: 100_000, period: 'none' } }
  const { key, secret } = await createKey(stopping, { quotas })
  const { secret: token } = await createToken(stopping)
  let charged = 0
  const codes = new Set<string>()
  const spend = async () => {
    for (;;) {
      const { code } = await verify(stopping, secret, { cost: 3 }, token)
      codes.add(code)
      if (code === 'valid') charged += 3
      else return
    }
  }
  const spenders = Array.from({ length: SPENDERS }, spend)
  while (charged === 0) await new Promise((resolve) => setImmediate(resolve))
  stopping.drain()
  await Promise.all(spenders)
  await stopping.close()
  expect([...codes].toSorted()).toEqual(['draining', 'valid'])
  const again = await startService({ config: { dataDir } })
  const { body } = await ask(again, 'GET', `/v1/keys/${key.id}`, { token })
  expect(body.quotas.credits.used).toBe(charged)
})
