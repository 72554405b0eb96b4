import { beforeEach, expect, test, vi } from 'vitest'
import { ask, createKey, startService, type TestService, verify } from './_service.ts'

// A change that was answered before a verification is decided counts for it, however long the verification has waited.

const QUOTAS = { credits: { limit: 100, period: 'none' } }

let service: TestService
let clock = Date.UTC(2026, 5, 1)

beforeEach(async () => {
  service = await startService({ now: () => clock })
})

/** A later time, and the key is revoked. */
async function revoke(id: string): Promise<void> {
  clock += 5
  expect((await ask(service, 'POST', `/v1/keys/${id}/revoke`, { body: {} })).status).toBe(200)
}

test('a key that is revoked on the way of a charge to the disk is refused, and nothing is charged', async () => {
  const { key, secret } = await createKey(service, { quotas: QUOTAS })
  expect(await verify(service, secret, { cost: 1 })).toMatchObject({ valid: true })
  const { store } = service.deps
  const charge = store.charge.bind(store)
  vi.spyOn(store, 'charge').mockImplementationOnce(async (request) => {
    await revoke(key.id)
    return charge(request)
  })
  expect(await verify(service, secret, { cost: 1 })).toEqual({ valid: false, code: 'revoked' })
  const { quotas } = (await ask(service, 'GET', `/v1/keys/${key.id}`)).body
  expect(quotas.credits).toMatchObject({ used: 1 })
})

test('a key that is revoked while its lookup waits is refused', async () => {
  const { key, secret } = await createKey(service)
  const { store } = service.deps
  const find = store.findForVerification.bind(store)
  vi.spyOn(store, 'findForVerification').mockImplementationOnce(async (id) => {
    await revoke(key.id)
    return find(id)
  })
  expect(await verify(service, secret)).toEqual({ valid: false, code: 'revoked' })
})
