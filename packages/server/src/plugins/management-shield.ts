import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ApiError } from '../errors.ts'
import { AddressCounts, countedAddress } from './address-counts.ts'

const WINDOW_MS = 60_000
const NO_HEADERS = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
} as const

export interface ManagementShieldOptions {
  isLocal: (request: FastifyRequest) => boolean
  /** Requests per minute and address (IPv6: per /64) before the answer is 429; null = any number. */
  maxPerMinute: number | null
}

/**
 * The coarse outer shield of all routes of its scope that are registered after it. It counts in a store of its own,
 * apart from failed authentications, which access.ts has refused before. Commands of the machine are not counted.
 */
export const managementShield = fastifyPlugin<ManagementShieldOptions>(
  async (app, { isLocal, maxPerMinute }) => {
    if (maxPerMinute === null) return
    await app.register(rateLimit, {
      global: true,
      max: maxPerMinute,
      timeWindow: WINDOW_MS,
      store: AddressCounts,
      keyGenerator: countedAddress,
      allowList: isLocal,
      // What is left is nobody's business, and RateLimit speaks of keys.
      addHeadersOnExceeding: NO_HEADERS,
      addHeaders: { ...NO_HEADERS, 'retry-after': false },
      errorResponseBuilder: (_request, { ttl }) =>
        new ApiError('rate_limited', {
          detail: 'Too many requests from this address. Send the next one after Retry-After.',
          retryAfterSeconds: Math.ceil(ttl / 1000),
        }),
    })
  },
)
