import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { Caller } from '../audit/change.ts'
import { ApiError, invalidField } from '../errors.ts'
import type { Deps } from '../keys/deps.ts'
import type { RequestKey } from '../limits/limit-outcome.ts'
import type { IdempotencyRecord } from '../store/key-store.ts'
import { principalOf } from './access.ts'

/** Answers the repetition of a request that was carried out, from the record as it is now. */
export type Replay = (deps: Deps, caller: Caller, record: IdempotencyRecord) => Promise<unknown>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Makes the route accept an Idempotency-Key. */
    replay?: Replay
  }
  interface FastifyRequest {
    idempotency: Caller['idempotency']
  }
}

const KEY_FORM = /^[\x21-\x7e]{1,255}$/

/**
 * `Idempotency-Key` on every POST that changes something. The record is written in the transaction of
 * the change itself, so that a lost answer can be asked for again; it is kept for 24 hours.
 */
export const idempotency = fastifyPlugin<{ deps: Deps }>(async (app, { deps }) => {
  const running = new Set<string>()
  app.decorateRequest('idempotency', null)

  app.addHook('preHandler', async (request, reply) => {
    const { replay } = request.routeOptions.config
    const key = request.headers['idempotency-key']
    if (!replay || key === undefined) return
    requireKeyForm(key)
    const { id } = principalOf(request)
    const claim = `${id}\n${key}`
    if (running.has(claim)) throw new ApiError('idempotency_in_flight')
    running.add(claim)
    reply.raw.once('close', () => running.delete(claim))
    request.idempotency = { key: keyDigest(key), fingerprint: fingerprint(request) }
    const record = await deps.store.findIdempotency(id, request.idempotency.key, deps.now())
    if (!record) return
    if (record.fingerprint !== request.idempotency.fingerprint) {
      throw new ApiError('idempotency_mismatch', {
        detail: 'This Idempotency-Key came with another request before. Use a new one.',
      })
    }
    refuseSecretReplay(record)
    reply.header('idempotency-replayed', 'true')
    return reply.send(await replay(deps, callerOf(request), record))
  })
})

/** The name that a caller gave to a verification, in the form that is stored. */
export function readRequestKey(
  actorId: string,
  key: string | string[] | undefined,
): RequestKey | null {
  if (key === undefined) return null
  requireKeyForm(key)
  return { actorId, key: keyDigest(key) }
}

function requireKeyForm(key: string | string[]): asserts key is string {
  if (typeof key === 'string' && KEY_FORM.test(key)) return
  throw invalidField('Idempotency-Key', 'give 1 to 255 visible ASCII characters')
}

/** What is stored of the key: it is the caller's text, and might hold anything, also a secret. */
function keyDigest(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/** What makes two requests the same: method, path and body. */
function fingerprint(request: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.url, request.body ?? null]))
    .digest('hex')
}

function refuseSecretReplay({ targetId, secretVersion }: IdempotencyRecord): void {
  if (secretVersion === null) return
  throw new ApiError('secret_not_replayable', {
    detail:
      'The request was carried out and its secret was in the first answer only. Rotate the key with replaces set to secretVersion; create a token anew and revoke this one.',
    extras: { keyId: targetId, secretVersion },
  })
}

/** Who asked, in which request, with which idempotency key: what a change is recorded with. */
export function callerOf(request: FastifyRequest): Caller {
  return {
    principal: principalOf(request),
    requestId: request.id,
    idempotency: request.idempotency,
  }
}
