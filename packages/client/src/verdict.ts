import type { RequestOptions } from './options.ts'
import type {
  VerdictCode,
  VerifiedKey,
  VerifyRequest,
  Verdict as WireVerdict,
} from './types.gen.ts'

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
  | ({
      valid: true
      code: 'valid'
      key: VerifiedKey
      /** How long the facts of the key may be remembered, in ms from the sending of the request. */
      leaseMs: number
    } & Pick<WireVerdict, 'remaining' | 'reservationId'>)
  | ({
      valid: false
      code: Exclude<VerdictCode, 'valid'> | (string & {})
    } & Pick<WireVerdict, 'key' | 'rateLimit' | 'retryAfterMs' | 'quota' | 'resetsAt'>)

/** Is this secret good for this request? Verdicts are values; rejects when nobody could answer. */
export type Verify = (
  secret: string,
  question?: Question,
  options?: RequestOptions,
) => Promise<Verdict>
