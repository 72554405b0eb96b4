import { generateId } from '@keysmith/key-format'
import { expect, test } from 'vitest'
import { ask, createKey, createToken, startService, verify } from './_service.ts'

const PER_MINUTE = { rateLimits: { requests: { limit: 3, windowSeconds: 60 } } }

test('a key passes as often as its limit says, then is told when to come again', async () => {
  const service = await startService()
  const { key, secret } = await createKey(service, PER_MINUTE)
  for (let request = 0; request < 3; request += 1) {
    expect(await verify(service, secret)).toMatchObject({ valid: true, leaseMs: 0 })
  }
  const refused = await verify(service, secret)
  expect(refused).toMatchObject({
    valid: false,
    code: 'rate_limited',
    rateLimit: 'requests',
    key: { id: key.id },
  })
  expect(refused.retryAfterMs).toBeGreaterThan(0)
  expect(refused.retryAfterMs).toBeLessThanOrEqual(20_000)
})

test('the headers are those of the draft, with one item per limit', async () => {
  const service = await startService()
  const { secret } = await createKey(service, {
    rateLimits: {
      requests: { limit: 10, windowSeconds: 60 },
      tokens: { limit: 1000, windowSeconds: 3600 },
    },
  })
  const body = { secret, cost: { tokens: 250 } }
  const answer = await ask(service, 'POST', '/v1/verify', { body })
  expect(answer.headers['ratelimit-policy']).toBe('"requests";q=10;w=60, "tokens";q=1000;w=3600')
  expect(answer.headers.ratelimit).toBe('"requests";r=9;t=6, "tokens";r=750;t=900')
  const unlimited = await createKey(service)
  const plain = await ask(service, 'POST', '/v1/verify', { body: { secret: unlimited.secret } })
  expect(Object.keys(plain.headers).filter((name) => name.startsWith('ratelimit'))).toEqual([])
})

test('every request counts as one of requests, other names count what the request says', async () => {
  const service = await startService()
  const { secret } = await createKey(service, {
    rateLimits: { tokens: { limit: 100, windowSeconds: 60 } },
  })
  for (let request = 0; request < 5; request += 1) {
    expect((await verify(service, secret)).valid).toBe(true)
  }
  expect((await verify(service, secret, { cost: { tokens: 100 } })).valid).toBe(true)
  expect(await verify(service, secret, { cost: { tokens: 1 } })).toMatchObject({
    code: 'rate_limited',
    rateLimit: 'tokens',
  })
  expect((await verify(service, secret, { cost: { images: 5 } })).valid).toBe(true)
  expect(await verify(service, secret, { cost: { tokens: 101 } })).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: null,
  })
})

test('a bare number costs credits', async () => {
  const service = await startService()
  const { secret } = await createKey(service, {
    rateLimits: { credits: { limit: 5, windowSeconds: 60 } },
  })
  expect((await verify(service, secret, { cost: 5 })).valid).toBe(true)
  expect(await verify(service, secret, { cost: 1 })).toMatchObject({ rateLimit: 'credits' })
})

test('a request that is refused for another reason takes nothing', async () => {
  const service = await startService()
  const { secret } = await createKey(service, { ...PER_MINUTE, permissions: ['jobs:read'] })
  for (let request = 0; request < 10; request += 1) {
    const verdict = await verify(service, secret, { permissions: ['jobs:write'] })
    expect(verdict.code).toBe('missing_permission')
  }
  for (let request = 0; request < 3; request += 1) {
    expect((await verify(service, secret, { permissions: ['jobs:read'] })).valid).toBe(true)
  }
})

test('refusals come in the order of the checks: the model before the rate limit', async () => {
  const service = await startService()
  const { secret } = await createKey(service, { ...PER_MINUTE, allowedModels: ['small-*'] })
  for (let request = 0; request < 3; request += 1) {
    expect((await verify(service, secret, { model: 'small-1' })).valid).toBe(true)
  }
  expect((await verify(service, secret, { model: 'large' })).code).toBe('model_not_allowed')
  expect((await verify(service, secret, { model: 'small-1' })).code).toBe('rate_limited')
})

test('the count outlives the cached row: edits, rotation and a fresh read do not start it again', async () => {
  const service = await startService()
  const { key, secret } = await createKey(service, PER_MINUTE)
  expect((await verify(service, secret)).valid).toBe(true)
  await ask(service, 'PATCH', `/v1/keys/${key.id}`, { body: { name: 'other' } })
  expect((await verify(service, secret)).valid).toBe(true)
  const rotated = await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, {
    body: { overlapSeconds: 60 },
  })
  expect((await verify(service, rotated.body.secret)).valid).toBe(true)
  expect((await verify(service, secret)).code).toBe('rate_limited')
  expect((await verify(service, rotated.body.secret)).code).toBe('rate_limited')
})

test('a raised limit lets the next request through, a removed one every request', async () => {
  const service = await startService()
  const { key, secret } = await createKey(service, PER_MINUTE)
  for (let request = 0; request < 3; request += 1) await verify(service, secret)
  expect((await verify(service, secret)).code).toBe('rate_limited')
  const update = (body: object) => ask(service, 'PATCH', `/v1/keys/${key.id}`, { body })
  await update({ rateLimits: { requests: { limit: 6, windowSeconds: 60 } } })
  expect((await verify(service, secret)).valid).toBe(true)
  await update({ rateLimits: {} })
  for (let request = 0; request < 20; request += 1) {
    expect((await verify(service, secret)).valid).toBe(true)
  }
})

test('the time of day moves no limit: jumps forward and back admit no more', async () => {
  let now = Date.now()
  const service = await startService({ now: () => now })
  const { secret } = await createKey(service, { ...PER_MINUTE, expiresAt: null })
  let admitted = 0
  for (const jumpMs of [0, 3_600_000, -7_200_000, 86_400_000, -86_400_000, 1, -1, 60_000]) {
    now += jumpMs
    for (let request = 0; request < 3; request += 1) {
      if ((await verify(service, secret)).valid) admitted += 1
    }
  }
  expect(admitted).toBe(3)
})

test('twenty at once on a limit of seven: exactly seven pass', async () => {
  const service = await startService()
  const { secret } = await createKey(service, {
    rateLimits: { requests: { limit: 7, windowSeconds: 3600 } },
  })
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => verify(service, secret)))
  expect(verdicts.filter(({ valid }) => valid)).toHaveLength(7)
})

test('a token of another project neither sees the key nor takes from its limit', async () => {
  const service = await startService()
  const project = await ask(service, 'POST', '/v1/projects', {
    body: { name: `p-${generateId()}` },
  })
  const outsider = await createToken(service, {
    permissions: ['keys:verify'],
    project: project.body.id,
  })
  const { secret } = await createKey(service, PER_MINUTE)
  for (let request = 0; request < 10; request += 1) {
    expect((await verify(service, secret, {}, outsider.secret)).code).toBe('unknown')
  }
  for (let request = 0; request < 3; request += 1) {
    expect((await verify(service, secret)).valid).toBe(true)
  }
})

test.each([
  ['a limit of 0', { requests: { limit: 0, windowSeconds: 60 } }, 'rateLimits/requests/limit'],
  ['a negative limit', { requests: { limit: -1, windowSeconds: 60 } }, 'rateLimits/requests/limit'],
  ['a fraction', { requests: { limit: 1.5, windowSeconds: 60 } }, 'rateLimits/requests/limit'],
  ['text', { requests: { limit: '5', windowSeconds: 60 } }, 'rateLimits/requests/limit'],
  ['a huge limit', { requests: { limit: 1e15, windowSeconds: 60 } }, 'rateLimits/requests/limit'],
  ['no window', { requests: { limit: 5 } }, 'rateLimits/requests/windowSeconds'],
  [
    'a window of 0',
    { requests: { limit: 5, windowSeconds: 0 } },
    'rateLimits/requests/windowSeconds',
  ],
  [
    'an unknown field',
    { requests: { limit: 5, windowSeconds: 1, burst: 9 } },
    'rateLimits/requests/burst',
  ],
  ['a name in capitals', { Requests: { limit: 5, windowSeconds: 1 } }, 'rateLimits/Requests'],
  ['a name with a space', { 'a b': { limit: 5, windowSeconds: 1 } }, 'rateLimits/(unknown)'],
  [
    'nine limits',
    Object.fromEntries([...'abcdefghi'].map((name) => [name, { limit: 5, windowSeconds: 1 }])),
    'rateLimits',
  ],
  ['null', null, 'rateLimits'],
  ['a list', [], 'rateLimits'],
])('%s is refused with the field and its fix', async (_what, rateLimits, path) => {
  const service = await startService()
  const body = { name: 'test', rateLimits }
  const answer = await ask(service, 'POST', '/v1/keys', { body })
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
  expect(answer.body.fields.map((field: { path: string }) => field.path)).toContain(path)
})
