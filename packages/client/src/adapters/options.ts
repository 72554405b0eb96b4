import type { Logger } from '../options.ts'
import type { VerifiedKey } from '../types.gen.ts'
import type { Question, Verdict } from '../verdict.ts'

/** How a key reaches the service, for every request alike. */
export interface KeyOptions {
  /** A client of `createClient` or `createVerifier`: one per process, shared by everything. */
  client: { verify(secret: string, question?: Question): Promise<Verdict> }
  /** Also read this header: a name, or true for `x-api-key`. Default: `Authorization: Bearer` alone. */
  apiKeyHeader?: boolean | string | undefined
  /**
   * Also read this query parameter: a name, or true for `api_key`. URLs end up in logs and histories, so
   * it is off by default.
   */
  allowQuery?: boolean | string | undefined
  /** Told why a request could not be checked. Default: the logger of the framework, where it has one. */
  logger?: Pick<Logger, 'warn'> | undefined
}

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
export type PresentedKey = Omit<VerifiedKey, 'allowedModels'>
