import { allows, hasKnownFields } from './decide.ts'
import type { RequestOptions } from './options.ts'
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
    // Several callers get the same verdict: none may change what another sees or is decided by.
    freeze(verdict)
    const ms = leaseOf(verdict)
    if (verdict.valid && ms > 0) held.set(sha256, { key: verdict.key, since, ms })
    const [oldest] = held.keys()
    // No number, of a setting that is missing, is no room.
    if (!(held.size <= maxEntries) && oldest !== undefined) held.delete(oldest)
    return verdict
  }

  const askAlone: Ask = ({ sha256, secret, question, options }) => {
    const since = now()
    return ask(secret, question, options).then((found) => remember(sha256, found, since))
  }

  const askTogether: Ask = async (asked) => {
    const same = `${asked.sha256} ${JSON.stringify(asked.question)}`
    const running = underWay.get(same)
    const lateMs = running ? elapsedMs(running.since) : MAX_MS
    if (running && lateMs < MAX_MS) {
      const verdict = await running.verdict
      // What the service said then holds now only as far as its lease: the key may have ended since.
      return !verdict.valid || lateMs < leaseOf(verdict) ? verdict : askAlone(asked)
    }
    const entry = { since: now(), verdict: askAlone(asked) }
    underWay.set(same, entry)
    return entry.verdict.finally(() => {
      if (underWay.get(same) === entry) underWay.delete(same)
    })
  }

  return async (secret, question = {}, options) => {
    const sha256 = await sha256Hex(secret)
    const lease = held.get(sha256)
    const leftMs = lease ? lease.ms - elapsedMs(lease.since) : 0
    if (lease && leftMs > 0 && allows(lease.key, question)) {
      return { valid: true, code: 'valid', key: lease.key, leaseMs: Math.floor(leftMs) }
    }
    // A call with options of its own may end sooner than others can wait.
    const isShared = !options && hasKnownFields(question)
    return (isShared ? askTogether : askAlone)({ sha256, secret, question, options })
  }
}

type Ask = (asked: {
  sha256: string
  secret: string
  question: Question
  options: RequestOptions | undefined
}) => Promise<Verdict>

/** How long the facts may be remembered in ms: not at all when there are none to decide from. */
function leaseOf(verdict: Verdict): number {
  if (!verdict.valid) return 0
  const { permissions, allowedModels } = verdict.key
  const isWhole =
    Array.isArray(permissions) && (allowedModels === null || Array.isArray(allowedModels))
  return isWhole ? Math.min(verdict.leaseMs, MAX_MS) : 0
}

function now(): Moment {
  return { monotonic: performance.now(), wall: Date.now() }
}

function elapsedMs({ monotonic, wall }: Moment): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall)
}

function freeze(verdict: Verdict): void {
  const { key } = verdict
  for (const facts of [verdict, key, key?.permissions, key?.allowedModels, key?.metadata]) {
    Object.freeze(facts)
  }
}
