import type { FastifyReply } from 'fastify'
import type { Verdict } from '../keys/verify-key.ts'
import type { Limiter } from '../limits/limiter.ts'

/**
 * `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10: one item per rate limit of
 * the key. A limit of a policy or of the project is named `name:id`. `t` is the time until everything is there again.
 */
export function setRateHeaders(limiter: Limiter, { row }: Verdict, reply: FastifyReply): void {
  if (!row || row.rates.length === 0) return
  const states = limiter.peek(row.rates)
  const policies = row.rates.map(
    ({ label, limit, windowSeconds }) => `"${label}";q=${limit};w=${windowSeconds}`,
  )
  const rests = states.map(
    ({ rate, remaining, resetMs }) =>
      `"${rate.label}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  )
  reply.header('ratelimit-policy', policies.join(', '))
  reply.header('ratelimit', rests.join(', '))
}
