import { allows } from './decide.ts'
import { sha256Hex } from './sha256.ts'
import type { VerifiedKey } from './types.gen.ts'
import type { Question, Verdict, Verify } from './verdict.ts'

export interface LeaseOptions {
  /** Keys remembered at most; the oldest goes first. Default 10,000. */
  maxEntries?: number | undefined
}

/** Facts of a key that was found valid. */
interface Lease {
  key: VerifiedKey
  /** By both clocks: the monotonic one stands still while a machine sleeps, the other may be set back. */
  since: Moment
  ms: number
}

interface Moment {
  monotonic: number
  wall: number
}

/** The longest lease, and the oldest request under way that another caller may join. */
const MAX_MS = 1000

/**
 * Remembers facts of valid keys for as long as the service allows, at most a second, and decides each
 * request anew from them. What the facts do not allow is asked. The service counts the lease from its
 * own last look at the database, so a revoked key is refused after two seconds at the latest.
 */
export function leases({ maxEntries = 10_000 }: LeaseOptions = {}): (ask: Verify) => Verify {
  return (ask) => createLeases(ask, maxEntries)
}

function createLeases(ask: Verify, maxEntries: number): Verify {
  /** By the SHA-256 of the secret, which is not held. */
  const held = new Map<string, Lease>()
  const underWay = new Map<string, { since: Moment; verdict: Promise<Verdict> }>()

  const remember = (sha256: string, verdict: Verdict, since: Moment): Verdict => {
    held.delete(sha256)
    if (!verdict.valid) return verdict
    // Several callers get the same facts: none may change what the others are decided by.
    freeze(verdict.key)
    const ms = Math.min(verdict.leaseMs, MAX_MS)
    if (ms > 0) held.set(sha256, { key: verdict.key, since, ms })
    const [oldest] = held.keys()
    if (held.size > maxEntries && oldest !== undefined) held.delete(oldest)
    return verdict
  }

  const askTogether = (sha256: string, secret: string, question: Question, since: Moment) => {
    const same = `${sha256} ${JSON.stringify(question)}`
    const running = underWay.get(same)
    if (running && elapsedMs(running.since) < MAX_MS) return running.verdict
    const verdict = ask(secret, question)
      .then((found) => remember(sha256, found, since))
      .finally(() => {
        if (underWay.get(same)?.since === since) underWay.delete(same)
      })
    underWay.set(same, { since, verdict })
    return verdict
  }

  return async (secret, question = {}, options) => {
    const sha256 = await sha256Hex(secret)
    const lease = held.get(sha256)
    const leftMs = lease ? lease.ms - elapsedMs(lease.since) : 0
    if (lease && leftMs > 0 && allows(lease.key, question)) {
      return { valid: true, code: 'valid', key: lease.key, leaseMs: Math.floor(leftMs) }
    }
    const since = now()
    // A call with options of its own may end sooner than others can wait.
    if (!options) return askTogether(sha256, secret, question, since)
    return ask(secret, question, options).then((found) => remember(sha256, found, since))
  }
}

function now(): Moment {
  return { monotonic: performance.now(), wall: Date.now() }
}

function elapsedMs({ monotonic, wall }: Moment): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall)
}

function freeze(key: VerifiedKey): void {
  for (const facts of [key, key.permissions, key.allowedModels, key.metadata]) Object.freeze(facts)
}
