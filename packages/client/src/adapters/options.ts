import type { Logger } from '../options.ts'
import type { Reservations } from '../reservations.ts'
import type { VerifiedKey } from '../types.gen.ts'
import type { Question, Verdict } from '../verdict.ts'

/** How a key reaches the service, for every request alike. */
export interface KeyOptions {
  /** A client of `createClient` or `createVerifier`: one per process, shared by everything. */
  client: {
    verify(secret: string, question?: Question): Promise<Verdict>
    reservations: Reservations
  }
  /** Also read this header: a name, or true for `x-api-key`. Default: `Authorization: Bearer` alone. */
  apiKeyHeader?: boolean | string | undefined
  /**
   * Also read this query parameter: a name, or true for `api_key`. URLs end up in logs and histories, so
   * it is off by default.
   */
  allowQuery?: boolean | string | undefined
  /** Told why a request could not be checked, or what it reserved not be settled. Default: the logger of the framework, where it has one. */
  logger?: Pick<Logger, 'warn'> | undefined
}

/** Amounts by the name of what is counted, such as `tokens`: whole numbers from 0 on. */
export type Amounts = Record<string, number>

/** A value of the request that came from outside; what is no string counts as not given. */
type FromRequest<Req, Value> = (request: Req) => Value | Promise<Value>

/** What a request needs of the key. What is left out fails closed, but for `permissions`. */
export interface Needs<Req> {
  /** The key must hold all of them. Left out, any valid key will do. */
  permissions?: readonly string[] | FromRequest<Req, readonly string[]>
  /**
   * The model that the request uses; null = the request uses none. Left out, or when the function gives
   * no name of a model, a key that is restricted to models is refused.
   */
  model?: string | null | FromRequest<Req, string | null | undefined>
  /**
   * What the request costs, charged before the handler runs, or not at all; a bare number means credits.
   * What is no amount is answered with 503.
   */
  cost?: number | Amounts | FromRequest<Req, number | Amounts>
  /**
   * Held until the real cost is known, for what only the handler finds out. After the answer, what the
   * handler did not say by `key.settle` or `key.release` is said by `settle` of the needs; else everything
   * is charged, and nothing when the answer is an error (400 and above). A request that its caller broke
   * off before the answer stays held: its handler may still say what was used, or else it ends in time.
   */
  reserve?: Amounts | FromRequest<Req, Amounts>
  /** How long it is held at most, in seconds. Default 300. */
  reserveSeconds?: number
}

/** Needs of an adapter that sees the answer. */
export interface Settles<Req, Res> {
  /**
   * What was really used, by the answer and the request; a name that is left out is charged as it was
   * reserved, and so is everything when there is no telling.
   */
  settle?: (response: Res, request: Req) => Amounts | undefined | Promise<Amounts | undefined>
}

/** Where the framework does not know the address of the caller. */
export interface NeedsWithAddress<Req> extends Needs<Req> {
  /**
   * The address of the caller, as your platform vouches for it, never from a header that a caller may
   * send; null = address lists do not apply. Left out, a key with an address list is refused.
   */
  ip?: null | FromRequest<Req, string | null | undefined>
}

/** What a handler learns of the key that was presented; never the secret. */
export interface PresentedKey extends Omit<VerifiedKey, 'allowedModels'> {
  /** Of a key with quotas: what is left of each, by name, after this request. */
  remaining?: Record<string, number>
  /**
   * Charges what was really used of what the route reserved, and gives back the rest: while the answer is
   * under way, or with a promise that tells it later. What cannot be an amount charges everything. Never
   * rejects: a failure is logged, and the reservation ends by itself in time.
   */
  settle(cost: Amounts | PromiseLike<Amounts>): Promise<void>
  /** Gives back everything that the route reserved. Never rejects. */
  release(): Promise<void>
}
