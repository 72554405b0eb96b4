import { expectTypeOf } from 'vitest'
import type {
  ApiError,
  ApiPromise,
  Client,
  ConflictError,
  Key,
  KeyWithSecret,
  Page,
  Question,
  RequestOptions,
  Reservation,
  Verdict,
  Verify,
} from '../src/index.ts'

// Promises of the types. Nothing here runs: `npm run types` fails when one is broken.
declare const client: Client
declare const verdict: Verdict
const SHA256 = 'f'.repeat(64)

const promise = (_name: string, _types: () => unknown) => {}

promise('create shows the secret, unless the caller made it', () => {
  const create = () => client.keys.create({ name: 'a' })
  const minted = () => client.keys.create({ name: 'a', mint: 'client' })
  const registered = () => client.keys.create({ name: 'a', id: 'i', secretSha256: SHA256 })
  expectTypeOf(create).returns.toEqualTypeOf<ApiPromise<KeyWithSecret>>()
  expectTypeOf(minted).returns.toEqualTypeOf<ApiPromise<KeyWithSecret>>()
  expectTypeOf(registered).returns.toEqualTypeOf<ApiPromise<{ key: Key }>>()
  expectTypeOf<KeyWithSecret['secret']>().toEqualTypeOf<string>()
  // @ts-expect-error a key has a name
  const nameless = () => client.keys.create({})
  // @ts-expect-error id and digest come together
  const half = () => client.keys.create({ name: 'a', secretSha256: SHA256 })
  // @ts-expect-error a field that does not exist
  const unknownField = () => client.keys.create({ name: 'a', permission: ['a'] })
  return [nameless, half, unknownField]
})

promise('rotate shows the secret, unless the caller made it', () => {
  const rotate = () => client.keys.rotate('k')
  const minted = () => client.keys.rotate('k', { mint: 'client', overlapSeconds: 60 })
  const registered = () => client.keys.rotate('k', { secretSha256: SHA256 })
  expectTypeOf(rotate).returns.toEqualTypeOf<ApiPromise<KeyWithSecret>>()
  expectTypeOf(minted).returns.toEqualTypeOf<ApiPromise<KeyWithSecret>>()
  expectTypeOf(registered).returns.toEqualTypeOf<ApiPromise<{ key: Key }>>()
  // @ts-expect-error a rotation has no field for rights
  return () => client.keys.rotate('k', { permissions: ['a'] })
})

promise('a verdict is narrowed by valid and by code', () => {
  const narrow = () => {
    if (verdict.valid) {
      expectTypeOf(verdict.code).toEqualTypeOf<'valid'>()
      expectTypeOf(verdict.leaseMs).toEqualTypeOf<number>()
      expectTypeOf(verdict.remaining).toEqualTypeOf<Record<string, number> | undefined>()
      expectTypeOf(verdict.reservationId).toEqualTypeOf<string | undefined>()
      expectTypeOf(verdict.key.permissions).toEqualTypeOf<string[]>()
      return
    }
    expectTypeOf(verdict.valid).toEqualTypeOf<false>()
    expectTypeOf(verdict.key?.id).toEqualTypeOf<string | undefined>()
    // @ts-expect-error only a valid key has a lease
    verdict.leaseMs
    expectTypeOf(verdict.retryAfterMs).toEqualTypeOf<number | null | undefined>()
    expectTypeOf(verdict.resetsAt).toEqualTypeOf<string | null | undefined>()
    // Codes of newer services are possible.
    expectTypeOf<'of_a_newer_service'>().toExtend<(typeof verdict)['code']>()
  }
  return narrow
})

promise('a question takes a list that nobody may change, and no list that is missing', () => {
  const needs = ['jobs:write'] as const
  const frozen = () => client.verify('s', { permissions: needs })
  expectTypeOf<Question>().toEqualTypeOf<{
    permissions?: readonly string[]
    model?: string | null
    ip?: string | null
    cost?: number | Record<string, number>
    reserve?: Record<string, number>
    reserveSeconds?: number
  }>()
  // @ts-expect-error undefined would mean that nothing is needed
  const missing = () => client.verify('s', { permissions: undefined })
  return [frozen, missing]
})

promise('the last argument of every method is RequestOptions', () => {
  expectTypeOf<Verify>().parameters.toEqualTypeOf<
    [secret: string, question?: Question | undefined, options?: RequestOptions | undefined]
  >()
  expectTypeOf(client.keys.get).parameter(1).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf(client.keys.update).parameter(2).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf(client.keys.list).parameter(1).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf(client.keys.revoke).parameter(2).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf(client.projects.delete).parameter(1).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf(client.whoami).parameter(0).toEqualTypeOf<RequestOptions | undefined>()
  expectTypeOf<{ signal: AbortSignal | undefined }>().toExtend<RequestOptions>()
  // @ts-expect-error an option that does not exist
  return () => client.keys.get('k', { timeout: 5 })
})

promise('a reservation is ended with the names that were reserved', () => {
  expectTypeOf(client.reservations.settle).returns.toEqualTypeOf<Promise<Reservation>>()
  expectTypeOf(client.reservations.release).parameter(1).toEqualTypeOf<RequestOptions | undefined>()
  // @ts-expect-error a bare number has no name
  return () => client.reservations.settle('r', 5)
})

promise('a list is a page to await and items to walk through', () => {
  expectTypeOf<Awaited<ReturnType<Client['keys']['list']>>>().toEqualTypeOf<Page<Key>>()
  const walk = async () => {
    for await (const key of client.keys.list()) expectTypeOf(key).toEqualTypeOf<Key>()
  }
  return walk
})

promise('codes of errors are known, and open for newer services', () => {
  expectTypeOf<'key_not_found'>().toExtend<ApiError['code']>()
  expectTypeOf<'of_a_newer_service'>().toExtend<ApiError['code']>()
  expectTypeOf<ConflictError['secretVersion']>().toEqualTypeOf<number | undefined>()
})
