import { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'

/** Addresses that are counted, and again so many that are shut out. About 6 MB each. */
const MAX_ADDRESSES = 20_000
/** The longest text of an IPv6 address; a proxy may hand on what is none. */
const MAX_ADDRESS_LENGTH = 45
const IPV6_SUBNET = 64

interface Count {
  current: number
  /** By a clock that no one sets. */
  startedAt: number
}

/**
 * What `@fastify/rate-limit` counts in, by address. The store it comes with forgets one that is shut out when 50,000
 * others pass by, and lets everybody in when the wall clock is set. Here those that are shut out have a place of their
 * own, from which only others that are shut out can push them.
 */
export class AddressCounts implements FastifyRateLimitStore {
  readonly #clock: () => number
  readonly #maxAddresses: number
  readonly #counting: LRUCache<string, Count>
  readonly #shutOut: LRUCache<string, Count>

  /** The plugin makes it, with its options. */
  constructor(
    _options?: unknown,
    { clock = () => performance.now(), maxAddresses = MAX_ADDRESSES } = {},
  ) {
    this.#clock = clock
    this.#maxAddresses = maxAddresses
    this.#counting = new LRUCache({ max: maxAddresses })
    this.#shutOut = new LRUCache({ max: maxAddresses })
  }

  get size(): number {
    return this.#counting.size + this.#shutOut.size
  }

  incr(
    address: string,
    callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
    windowMs: number,
    max: number,
  ): void {
    const now = this.#clock()
    const count = this.#find(address, now - windowMs) ?? this.#begin(address, now)
    count.current += 1
    if (count.current === max + 1) {
      this.#counting.delete(address)
      this.#shutOut.set(address, count)
    }
    callback(null, { current: count.current, ttl: count.startedAt + windowMs - now })
  }

  /** A route that is limited on its own counts on its own. */
  child(): AddressCounts {
    return new AddressCounts(undefined, { clock: this.#clock, maxAddresses: this.#maxAddresses })
  }

  #find(address: string, endedBefore: number): Count | undefined {
    const count = this.#shutOut.get(address) ?? this.#counting.get(address)
    if (count === undefined || count.startedAt > endedBefore) return count
    this.#shutOut.delete(address)
    this.#counting.delete(address)
    return undefined
  }

  #begin(address: string, now: number): Count {
    const count = { current: 0, startedAt: now }
    this.#counting.set(address, count)
    return count
  }
}

/** Whom a request counts for: its IPv4 address, or the /64 of its IPv6 address (R30). */
export function countedAddress({ ip }: FastifyRequest): string {
  // A connection that has just been closed has no address any more, whatever the type says.
  const text: string | undefined = ip
  return normalizeIP((text ?? '').slice(0, MAX_ADDRESS_LENGTH), IPV6_SUBNET)
}
