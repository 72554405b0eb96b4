/**
 * The life of a key as the packed client leads it, with nothing that only one runtime has: Node, Bun, Deno and
 * workerd all run this text. Rejects at the first thing that is not as promised.
 */
import { ConnectionError, createClient, NotFoundError } from '@keysmith/client'
import { leases } from '@keysmith/client/leases'

export interface Place {
  baseUrl: string
  token: string
  /** Address where nobody listens. */
  closedUrl: string
}

const QUESTION = { permissions: ['jobs:write'] }

export async function lifeOfKey(place: Place): Promise<void> {
  const { keys, verify } = createClient(place)
  const { key, secret } = await keys.create({ name: 'first', ...QUESTION, mint: 'client' })
  equal((await verify(secret, QUESTION)).code, 'valid')
  equal((await verify(secret, { permissions: ['jobs:read'] })).code, 'missing_permission')
  await verifyWithLeases(place, secret)
  await keys.revoke(key.id, { reason: 'installed' })
  equal((await verify(secret, QUESTION)).code, 'revoked')

  await rejects(keys.get('0000000000000000'), NotFoundError, 'key_not_found')
  const { health } = createClient({ ...place, baseUrl: place.closedUrl, maxRetries: 0 })
  await rejects(health.ready(), ConnectionError, 'connection_failed')
}

async function verifyWithLeases(place: Place, secret: string): Promise<void> {
  let requests = 0
  const counting: typeof fetch = (...request) => {
    requests += 1
    return fetch(...request)
  }
  const { verify } = createClient({ ...place, fetch: counting, verify: { lease: leases() } })
  // More than two, for a slow machine on which a lease runs out in between.
  for (let count = 0; count < 10; count += 1) {
    equal((await verify(secret, QUESTION)).code, 'valid')
  }
  if (requests >= 10) throw new Error('no verification was answered by a lease')
}

async function rejects(
  call: PromiseLike<unknown>,
  Class: typeof ConnectionError | typeof NotFoundError,
  code: string,
): Promise<void> {
  const outcome: unknown = await call.then(
    () => 'an answer',
    (reason: unknown) => reason,
  )
  if (!(outcome instanceof Class)) throw new Error(`${outcome} where ${Class.name} is promised`)
  equal(outcome.code, code)
}

function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${actual} where ${expected} is promised`)
}
