import type { RequestOptions } from './options.ts'
import type { VerdictCode, VerifiedKey, VerifyRequest } from './types.gen.ts'

/** What the request needs of the key. What is left out fails closed, but for `permissions`: see each field. */
export interface Question extends Pick<VerifyRequest, 'model' | 'ip'> {
  /** The key must hold every one. Left out, any valid key will do. 100 at most. */
  permissions?: readonly string[]
}

type WithFacts =
  | 'ip_required'
  | 'ip_not_allowed'
  | 'missing_permission'
  | 'model_required'
  | 'model_not_allowed'

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
    }
  | { valid: false; code: WithFacts; key: VerifiedKey }
  | {
      valid: false
      code: Exclude<VerdictCode, WithFacts | 'valid'> | (string & {})
      key?: VerifiedKey
    }

/** Is this secret good for this request? Verdicts are values; rejects when nobody could answer. */
export type Verify = (
  secret: string,
  question?: Question,
  options?: RequestOptions,
) => Promise<Verdict>
