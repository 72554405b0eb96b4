import type { QuotaStore } from '../store/quota-store.ts'
import type { UsageCounts } from './usage-counts.ts'

const EVERY_MS = 1000
/** Rows of one step: other writes come in between. */
const STEP = 500

type ExpiringStore = Pick<
  QuotaStore,
  'expireReservations' | 'forgetReservations' | 'forgetChargeRequests'
>

export interface ExpiryDeps {
  store: ExpiringStore
  usage: UsageCounts
  now: () => number
}

/** Once a second: ends the reservations whose time is over, and forgets what nobody may ask for. */
export class ReservationExpiry {
  readonly #deps: ExpiryDeps
  readonly #onError: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(deps: ExpiryDeps, onError: (error: unknown) => void) {
    this.#deps = deps
    this.#onError = onError
    this.#timer = setInterval(() => void this.run(), EVERY_MS)
    this.#timer.unref()
  }

  /** Works off all that is due. What fails stays due, and is tried again in a second. */
  run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /**
   * Ends after one more step: what is left is due at the next start, but for the usage of reservations that
   * charges have ended since, which is told once.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
    await this.#expire(this.#deps.now()).catch(this.#onError)
  }

  async #work(): Promise<void> {
    const { store, now } = this.#deps
    const at = now()
    try {
      await this.#inSteps(() => this.#expire(at))
      await this.#inSteps(() => store.forgetReservations(at, STEP))
      await this.#inSteps(() => store.forgetChargeRequests(at, STEP))
    } catch (error) {
      this.#onError(error)
    }
  }

  async #inSteps(step: () => Promise<number>): Promise<void> {
    let done = STEP
    while (done >= STEP && !this.#isClosed) done = await step()
  }

  async #expire(at: number): Promise<number> {
    const { store, usage } = this.#deps
    const ended = await store.expireReservations(at, STEP)
    for (const { keyId, charged, endedAt } of ended) usage.noteCharged(keyId, charged, endedAt)
    return ended.length
  }
}
