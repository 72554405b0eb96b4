import { createHash } from 'node:crypto'
import { VERDICT_CODES } from '@keysmith/contract'
import decisionCases from '@keysmith/contract/decision-cases.json' with { type: 'json' }
import { generateId, generateKey } from '@keysmith/key-format'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, createKey, createToken, startService, type TestService, verify } from './_service.ts'

// The order of the checks of a verification, each with its boundary cases. Every question is asked
// twice: with no row in the cache, and with the row of the question before (R22, R23).

const NOW = Date.UTC(2026, 5, 1, 12)
const at = (offsetMs: number) => new Date(NOW + offsetMs).toISOString()

let service: TestService
let clock = NOW
const seen = new Set<string>()

beforeAll(async () => {
  service = await startService({ closeItself: false, now: () => clock })
})
beforeEach(() => {
  clock = NOW
})
afterAll(() => service.close())

/** Makes the next read go to the database. */
const coolCache = () => service.deps.rowCache.drop({ kind: 'project', id: 'all' })

/** The code of the verdict, which must be the same from the database and from the cache. */
async function codeOf(secret: string, question: object = {}, token?: string): Promise<string> {
  coolCache()
  const cold = await verify(service, secret, { ...question }, token)
  const warm = await verify(service, secret, { ...question }, token)
  const { leaseMs: _cold, ...coldRest } = cold
  const { leaseMs: _warm, ...warmRest } = warm
  expect(warmRest).toEqual(coldRest)
  expect(cold.valid).toBe(cold.code === 'valid')
  expect('leaseMs' in cold).toBe(cold.valid)
  seen.add(cold.code)
  return cold.code
}

/** The codes at one millisecond before a moment, at it, and one after. */
async function around(moment: number, secret: string): Promise<string[]> {
  const codes: string[] = []
  for (const offset of [-1, 0, 1]) {
    clock = moment + offset
    // The row stays in the cache from one millisecond to the next, as in life.
    codes.push((await verify(service, secret)).code)
    codes.push(await codeOf(secret))
  }
  clock = NOW
  const [before, beforeCold, on, onCold, after, afterCold] = codes
  expect([beforeCold, onCold, afterCold]).toEqual([before, on, after])
  return [before, on, after] as string[]
}

function mint(kind: string, id = generateId()) {
  const { secret } = generateKey({ brand: 'ks', kind, id })
  return { id, secret, secretSha256: createHash('sha256').update(secret).digest('hex') }
}

async function createProject(): Promise<string> {
  const body = { name: `p-${generateId()}`, deletionProtection: false }
  return (await ask(service, 'POST', '/v1/projects', { body })).body.id
}

describe('step 1: what is no secret is malformed, without a look into the database', () => {
  const good = generateKey({ brand: 'ks', kind: 'live' }).secret
  const swapped = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')
  const version2 = good.replace('_1', '_2')

  test.each([
    ['empty', ''],
    ['a wrong checksum', swapped],
    ['one character less', good.slice(0, -1)],
    ['one character more', `${good}0`],
    ['a space before', ` ${good}`],
    ['a line break after', `${good}\n`],
    ['upper case', good.toUpperCase()],
    ['a scheme', `Bearer ${good}`],
    ['another version', version2],
    ['only the public part', good.split('_').slice(0, 3).join('_')],
    ['two secrets', good + good],
    ['15,000 characters', 'a'.repeat(15_000)],
    ['NUL', `${good}\u0000`],
    ['full-width digits', good.replace(/\d/, '\uff11')],
  ])('%s', async (_what, secret) => {
    const { store } = service.deps
    const read = store.findForVerification
    store.findForVerification = () => Promise.reject(new Error('the database was asked'))
    try {
      expect(await verify(service, secret)).toEqual({ valid: false, code: 'malformed' })
    } finally {
      store.findForVerification = read
    }
    seen.add('malformed')
  })
})

describe('step 2: what is not a secret of a visible key is unknown', () => {
  test('an id that nobody has, and another secret of a known id', async () => {
    const { key, secret } = await createKey(service)
    expect(await codeOf(mint('live').secret)).toBe('unknown')
    expect(await codeOf(mint('live', key.id).secret)).toBe('unknown')
    expect(await codeOf(secret)).toBe('valid')
  })

  test('a secret of another kind than its key, although its digest is stored', async () => {
    for (const [kind, environment] of [
      ['test', 'live'],
      ['live', 'test'],
      ['root', 'live'],
      ['boot', 'live'],
    ] as const) {
      const { id, secret, secretSha256 } = mint(kind)
      await createKey(service, { id, secretSha256, environment })
      expect(await codeOf(secret), `${kind} for ${environment}`).toBe('unknown')
    }
    const { id, secret, secretSha256 } = mint('test')
    await createKey(service, { id, secretSha256, environment: 'test' })
    expect(await codeOf(secret)).toBe('valid')
  })

  test('a management token, with a cold cache and with itself in it', async () => {
    const { secret } = await createToken(service)
    expect(await codeOf(secret)).toBe('unknown')
    await ask(service, 'GET', '/v1/whoami', { token: secret })
    expect((await verify(service, secret)).code).toBe('unknown')
    expect((await verify(service, service.rootToken)).code).toBe('unknown')
  })

  test('a key of another project than that of the token, also when it is in the cache', async () => {
    const [own, foreign] = [await createProject(), await createProject()]
    const { secret } = await createKey(service, { project: foreign })
    const body = { permissions: ['keys:verify'] }
    const insider = (await createToken(service, { ...body, project: foreign })).secret
    const outsider = (await createToken(service, { ...body, project: own })).secret
    expect(await codeOf(secret, {}, outsider)).toBe('unknown')
    expect(await codeOf(secret, {}, insider)).toBe('valid')
    expect((await verify(service, secret, {}, outsider)).code).toBe('unknown')
    expect((await verify(service, secret)).code).toBe('valid')
  })

  test('a key of a deleted project', async () => {
    const project = await createProject()
    const { secret } = await createKey(service, { project, expiresAt: at(1000) })
    expect(await codeOf(secret)).toBe('valid')
    clock = NOW + 1000
    expect(await codeOf(secret)).toBe('expired')
    expect((await ask(service, 'DELETE', `/v1/projects/${project}`)).status).toBe(204)
    expect((await verify(service, secret)).code).toBe('unknown')
    expect(await codeOf(secret)).toBe('unknown')
  })
})

describe('steps 3 to 6: the state of the key', () => {
  test('a scheduled revocation begins at its millisecond', async () => {
    const { key, secret } = await createKey(service)
    await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: { afterSeconds: 60 } })
    expect(await around(NOW + 60_000, secret)).toEqual(['valid', 'revoked', 'revoked'])
  })

  test('a key that is not yet valid begins at its millisecond', async () => {
    const { secret } = await createKey(service, { notBefore: at(60_000) })
    const codes = await around(NOW + 60_000, secret)
    expect(codes).toEqual(['not_yet_valid', 'valid', 'valid'])
  })

  test('an expiry is inclusive: at its millisecond the key no longer works', async () => {
    const { secret } = await createKey(service, { expiresAt: at(60_000) })
    expect(await around(NOW + 60_000, secret)).toEqual(['valid', 'expired', 'expired'])
  })

  test('an older secret ends at the millisecond of its overlap, the present one goes on', async () => {
    const { key, secret } = await createKey(service)
    const body = { overlapSeconds: 60 }
    const rotated = await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, { body })
    expect(await around(NOW + 60_000, secret)).toEqual(['valid', 'expired', 'expired'])
    const present = await around(NOW + 60_000, rotated.body.secret)
    expect(present).toEqual(['valid', 'valid', 'valid'])
  })

  test('a disabled key and a disabled project refuse the next request', async () => {
    const project = await createProject()
    const { key, secret } = await createKey(service, { project })
    const path = `/v1/keys/${key.id}`
    const setProject = (enabled: boolean) =>
      ask(service, 'PATCH', `/v1/projects/${project}`, { body: { enabled } })
    const next = async () => (await verify(service, secret)).code

    expect(await next()).toBe('valid')
    await ask(service, 'POST', `${path}/disable`)
    expect([await next(), await codeOf(secret)]).toEqual(['disabled', 'disabled'])
    await ask(service, 'POST', `${path}/enable`)
    expect([await next(), await codeOf(secret)]).toEqual(['valid', 'valid'])
    await setProject(false)
    expect([await next(), await codeOf(secret)]).toEqual(['disabled', 'disabled'])
    await setProject(true)
    expect([await next(), await codeOf(secret)]).toEqual(['valid', 'valid'])
  })

  test('the first step that fails names the code: revoked, disabled, not yet valid, expired', async () => {
    const restrictions = { ipAllowlist: ['192.0.2.1'], allowedModels: [], permissions: [] }
    const { key, secret } = await createKey(service, {
      ...restrictions,
      notBefore: at(2000),
      expiresAt: at(1000),
    })
    const question = { ip: '203.0.113.1', permissions: ['a'], model: 'm' }
    const path = `/v1/keys/${key.id}`
    clock = NOW + 1500
    expect(await codeOf(secret, question)).toBe('not_yet_valid')
    clock = NOW + 2000
    expect(await codeOf(secret, question)).toBe('expired')
    await ask(service, 'POST', `${path}/disable`)
    expect(await codeOf(secret, question)).toBe('disabled')
    await ask(service, 'POST', `${path}/revoke`, { body: {} })
    expect(await codeOf(secret, question)).toBe('revoked')
  })

  test('a verdict about the state says nothing about the key, a later one does', async () => {
    const { key, secret } = await createKey(service, {
      permissions: ['a'],
      metadata: { team: 'x' },
    })
    const lacking = await verify(service, secret, { permissions: ['b'] })
    expect(lacking).toMatchObject({ code: 'missing_permission', key: { id: key.id } })
    expect(lacking.key).toMatchObject({ permissions: ['a'], metadata: { team: 'x' } })
    await ask(service, 'POST', `/v1/keys/${key.id}/disable`)
    expect(await verify(service, secret)).toEqual({ valid: false, code: 'disabled' })
  })
})

describe('steps 7 to 9: what the request asks for', () => {
  test.each(decisionCases)('$name', async ({ key, request, code }) => {
    const { secret } = await createKey(service, key)
    expect(await codeOf(secret, request)).toBe(code)
  })

  test('address before permissions before model', async () => {
    const { secret } = await createKey(service, {
      ipAllowlist: ['192.0.2.1'],
      allowedModels: ['small-*'],
    })
    const bad = { ip: '192.0.2.2', permissions: ['a'], model: 'large' }
    expect(await codeOf(secret, { permissions: ['a'], model: 'large' })).toBe('ip_required')
    expect(await codeOf(secret, bad)).toBe('ip_not_allowed')
    expect(await codeOf(secret, { ...bad, ip: '192.0.2.1' })).toBe('missing_permission')
    const rest = { ip: '192.0.2.1', permissions: [] }
    expect(await codeOf(secret, rest)).toBe('model_required')
    expect(await codeOf(secret, { ...rest, model: 'large' })).toBe('model_not_allowed')
    expect(await codeOf(secret, { ...rest, model: 'small-1' })).toBe('valid')
  })

  test('a narrower key refuses the next request, although its row was in the cache', async () => {
    const { key, secret } = await createKey(service, { permissions: ['a'] })
    const question = { permissions: ['a'], model: 'm', ip: '192.0.2.1' }
    const next = async () => (await verify(service, secret, question)).code
    const update = (body: object) => ask(service, 'PATCH', `/v1/keys/${key.id}`, { body })
    expect(await next()).toBe('valid')
    await update({ allowedModels: [] })
    expect(await next()).toBe('model_not_allowed')
    await update({ permissions: [] })
    expect(await next()).toBe('missing_permission')
    await update({ ipAllowlist: ['198.51.100.0/24'] })
    expect(await next()).toBe('ip_not_allowed')
    await update({ permissions: ['a'], allowedModels: null, ipAllowlist: null })
    expect(await next()).toBe('valid')
  })
})

describe('steps 10 and 11: the limits of the key', () => {
  const LIMITED = {
    rateLimits: { requests: { limit: 2, windowSeconds: 3600 } },
    quotas: { credits: { limit: 10, period: 'day' } },
  }
  const codeOnce = async (secret: string, question: object = {}) => {
    const verdict = await verify(service, secret, { ...question })
    seen.add(verdict.code)
    return verdict.code
  }

  test('a quota grants its last unit, and not one more', async () => {
    const { secret } = await createKey(service, { quotas: LIMITED.quotas })
    expect(await codeOnce(secret, { cost: 9 })).toBe('valid')
    expect(await codeOnce(secret, { cost: 2 })).toBe('quota_exhausted')
    expect(await codeOnce(secret, { cost: 1 })).toBe('valid')
    expect(await codeOnce(secret, { cost: 1 })).toBe('quota_exhausted')
    expect(await codeOnce(secret)).toBe('valid')
  })

  test('a period ends at 00:00 UTC: a millisecond before it nothing is left, at it everything', async () => {
    const { secret } = await createKey(service, { quotas: LIMITED.quotas })
    const midnight = Date.UTC(2026, 5, 2)
    expect(await codeOnce(secret, { cost: 10 })).toBe('valid')
    clock = midnight - 1
    expect(await verify(service, secret, { cost: 1 })).toMatchObject({
      code: 'quota_exhausted',
      quota: 'credits',
      resetsAt: new Date(midnight).toISOString(),
    })
    clock = midnight
    expect(await verify(service, secret, { cost: 1 })).toMatchObject({
      code: 'valid',
      remaining: { credits: 9 },
    })
  })

  test('rate limit before quota, both after everything else; a refusal takes nothing from either', async () => {
    const { secret } = await createKey(service, { ...LIMITED, permissions: ['a'] })
    expect(await codeOnce(secret, { permissions: ['b'], cost: 11 })).toBe('missing_permission')
    expect(await codeOnce(secret, { cost: 11 })).toBe('quota_exhausted')
    expect(await codeOnce(secret, { cost: 1 })).toBe('valid')
    expect(await codeOnce(secret, { cost: 11 })).toBe('quota_exhausted')
    expect(await codeOnce(secret, { cost: 9 })).toBe('valid')
    expect(await codeOnce(secret, { cost: 11 })).toBe('rate_limited')
  })

  test('a verdict of the limits names the key and the limit, and has no lease', async () => {
    const { key, secret } = await createKey(service, LIMITED)
    const granted = await verify(service, secret, { cost: 10 })
    expect(granted).toMatchObject({ valid: true, leaseMs: 0, remaining: { credits: 0 } })
    expect(await verify(service, secret, { cost: 1 })).toMatchObject({
      code: 'quota_exhausted',
      key: { id: key.id },
      quota: 'credits',
    })
  })
})

describe('the lease', () => {
  test('never reaches past the end of the key, of its secret, or of its time', async () => {
    const lease = async (secret: string): Promise<number> => {
      coolCache()
      return (await verify(service, secret)).leaseMs
    }
    expect(await lease((await createKey(service)).secret)).toBe(1000)
    expect(await lease((await createKey(service, { expiresAt: at(300) })).secret)).toBe(300)
    expect(await lease((await createKey(service, { expiresAt: at(1) })).secret)).toBe(1)
    const { key, secret } = await createKey(service)
    await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, { body: { overlapSeconds: 1 } })
    clock = NOW + 600
    expect(await lease(secret)).toBe(400)
    const ending = await createKey(service)
    const body = { afterSeconds: 1 }
    await ask(service, 'POST', `/v1/keys/${ending.key.id}/revoke`, { body })
    clock = NOW + 1400
    expect(await lease(ending.secret)).toBe(200)
    clock = NOW + 1599
    expect(await lease(ending.secret)).toBe(1)
  })
})

test('the table reaches every code that a verdict can have', () => {
  expect([...seen].toSorted()).toEqual(Object.keys(VERDICT_CODES).toSorted())
})
