import { unrecognizedAnswer } from './answer.ts'
import type { Http } from './call.ts'
import { randomKey } from './idempotency-key.ts'
import { createPrecheck, type Precheck } from './precheck.ts'
import type { Verdict, Verify } from './verdict.ts'

/** How verifications work. */
export interface VerifyOptions {
  /** Time limit of one attempt in ms, its answer included. Default 2,000. A longer `Retry-After` is not waited out. */
  timeoutMs?: number | undefined
  /** Further attempts after the first. Default 1. */
  maxRetries?: number | undefined
  /**
   * Whether what is no secret by its form is refused without asking. `auto` (default) does so unless the
   * visible projects hold imported keys, `strict` always, `off` never. What is empty, or longer than 1,024
   * characters, is always refused.
   */
  precheck?: Precheck | undefined
  /** `leases()` of `@keysmith/client/leases`. Default: nothing is remembered. */
  lease?: ((ask: Verify) => Verify) | undefined
}

export function createVerify(http: Http, options: VerifyOptions = {}): Verify {
  const { timeoutMs = 2000, maxRetries = 1, precheck = 'auto', lease } = options
  const isNoSecret = createPrecheck(http, precheck)

  const ask: Verify = async (secret, question, given = {}) => {
    const limit = given.timeoutMs ?? timeoutMs
    // What costs is charged once, however often it is sent.
    const isCharged = (question?.cost ?? question?.reserve) !== undefined
    const { data } = await http<Partial<Verdict>>({
      method: 'POST',
      path: '/v1/verify',
      body: JSON.stringify({ ...question, secret }),
      isRepeatable: true,
      maxRetryAfterMs: limit,
      options: {
        ...given,
        timeoutMs: limit,
        maxRetries: given.maxRetries ?? maxRetries,
        idempotencyKey: given.idempotencyKey || (isCharged ? randomKey() : undefined),
      },
    })
    if (!isVerdict(data)) throw unrecognizedAnswer()
    return data
  }
  const answer = lease?.(ask) ?? ask

  return async (secret, question, given) =>
    isNoSecret(secret) ? { valid: false, code: 'malformed' } : answer(secret, question, given)
}

/** `valid: true` counts only in an answer that is a verdict in every other respect too. */
function isVerdict(data: Partial<Verdict> | undefined): data is Verdict {
  const { valid, code, key } = data ?? {}
  return typeof code === 'string' && valid === (code === 'valid') && (!valid || !!key?.id)
}
