import type { KeyRate, Limiter } from '../limits/limiter.ts'

/**
 * `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10: one item per rate limit of
 * the key. A limit of a policy or of the project is named `name:id`. `t` is the time until everything is there again.
 * Names and values in turn.
 */
export function rateHeaders(limiter: Limiter, rates: readonly KeyRate[]): string[] {
  const rests = limiter
    .peek(rates)
    .map(
      ({ rate, remaining, resetMs }) =>
        `"${rate.label}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
    )
  return ['ratelimit-policy', policyOf(rates), 'ratelimit', rests.join(', ')]
}

const policies = new WeakMap<readonly KeyRate[], string>()

/** The same for every request of a row. */
function policyOf(rates: readonly KeyRate[]): string {
  const known = policies.get(rates)
  if (known !== undefined) return known
  const policy = rates
    .map(({ label, limit, windowSeconds }) => `"${label}";q=${limit};w=${windowSeconds}`)
    .join(', ')
  policies.set(rates, policy)
  return policy
}
