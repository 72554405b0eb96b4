import { expect, test } from 'vitest'
import { ask, createKey, startService, verify } from './_service.ts'

test('a key is created, verified, rotated with an overlap, and revoked', async () => {
  const service = await startService()
  const created = await ask(service, 'POST', '/v1/keys', {
    body: { name: 'billing', permissions: ['jobs:write'] },
  })
  expect(created.status).toBe(201)
  const { key, secret } = created.body
  expect(await verify(service, secret, { permissions: ['jobs:write'] })).toMatchObject({
    valid: true,
    code: 'valid',
    key: { id: key.id, name: 'billing', environment: 'live' },
  })

  const rotated = await ask(service, 'POST', `/v1/keys/${key.id}/rotate`, {
    body: { overlapSeconds: 3600 },
  })
  expect(rotated.status).toBe(200)
  expect((await verify(service, secret)).code).toBe('valid')
  expect((await verify(service, rotated.body.secret)).code).toBe('valid')

  await ask(service, 'POST', `/v1/keys/${key.id}/overlap`, { body: { overlapSeconds: 0 } })
  expect((await verify(service, secret)).code).toBe('expired')
  expect((await verify(service, rotated.body.secret)).code).toBe('valid')

  const revoked = await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, {
    body: { reason: 'leaked' },
  })
  expect(revoked.body).toMatchObject({ status: 'revoked', revoked: { reason: 'leaked' } })
  expect(await verify(service, rotated.body.secret)).toEqual({ valid: false, code: 'revoked' })
})

test('a revoked key is refused by the next request, 10,000 times out of 10,000, with a warm cache', async () => {
  const service = await startService()
  for (let round = 0; round < 100; round += 1) {
    const keys = await Promise.all(Array.from({ length: 100 }, () => createKey(service)))
    const refused = await Promise.all(
      keys.map(async ({ key, secret }) => {
        expect((await verify(service, secret)).code).toBe('valid')
        expect((await verify(service, secret)).code).toBe('valid')
        await ask(service, 'POST', `/v1/keys/${key.id}/revoke`, { body: {} })
        return (await verify(service, secret)).code
      }),
    )
    expect(refused.filter((code) => code === 'revoked')).toHaveLength(100)
  }
}, 120_000)
