import type { RequestOptions } from './options.ts'
import type { VerdictCode, VerifiedKey, VerifyRequest } from './types.gen.ts'

/** What the request needs of the key. What is left out fails closed, but for `permissions`: see each field. */
export interface Question
  extends Pick<VerifyRequest, 'model' | 'ip' | 'cost' | 'reserve' | 'reserveSeconds'> {
  /** The key must hold every one. Left out, any valid key will do. 100 at most. */
  permissions?: readonly string[]
}

/**
 * The answer of a verification. Let a request through on `valid: true` alone; a code you do not know is
 * one of a newer service, and not valid.
 */
export type Verdict =
  | {
      valid: true
      code: 'valid'
      key: VerifiedKey
      /** How long the facts of the key may be remembered, in ms from the sending of the request. */
      leaseMs: number
      /** Of a key with quotas: what is left of each, by name, after this request. */
      remaining?: Record<string, number>
      /** With `reserve`: what to settle or release when the real cost is known. */
      reservationId?: string
    }
  | {
      valid: false
      code: Exclude<VerdictCode, 'valid'> | (string & {})
      key?: VerifiedKey
      /** With `rate_limited`: the name of the limit. */
      rateLimit?: string
      /** With `rate_limited`: after this time the same request passes, if no other comes before; null = never. */
      retryAfterMs?: number | null
      /** With `quota_exhausted`: the name of the quota. */
      quota?: string
      /** With `quota_exhausted`: when the quota starts again; null = never. */
      resetsAt?: string | null
    }

/** Is this secret good for this request? Verdicts are values; rejects when nobody could answer. */
export type Verify = (
  secret: string,
  question?: Question,
  options?: RequestOptions,
) => Promise<Verdict>
