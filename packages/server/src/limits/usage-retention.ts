import { USAGE_HOURS_KEPT_DAYS } from '@keysmith/contract'
import type { Log } from '../log.ts'
import type { UsageStore } from '../store/usage-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Rows of one step: a step is one write, and others get in between. */
const ROWS_PER_STEP = 500

export interface UsageRetentionOptions {
  store: Pick<UsageStore, 'rollUpUsage'>
  log: Pick<Log, 'warn'>
  now: () => number
}

/** Usage is kept by the hour for 90 days, then by the day (UTC). Looks at the start and once an hour. */
export class UsageRetention {
  readonly #options: UsageRetentionOptions
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  #isClosed = false

  constructor(options: UsageRetentionOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.run(), HOUR_MS)
    this.#timer.unref()
    void this.run()
  }

  /** Turns all hours that are old enough into days. What fails is tried again an hour later. */
  run(): Promise<void> {
    this.#running ??= this.#rollUp().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Ends after the step that runs. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#isClosed = true
    await this.#running
  }

  async #rollUp(): Promise<void> {
    const { store, log, now } = this.#options
    const kept = now() - USAGE_HOURS_KEPT_DAYS * DAY_MS
    const before = kept - (kept % DAY_MS)
    try {
      let turned = ROWS_PER_STEP
      while (turned === ROWS_PER_STEP && !this.#isClosed) {
        turned = await store.rollUpUsage(before, ROWS_PER_STEP)
      }
    } catch (err) {
      log.warn({ err }, 'old usage was not rolled up')
    }
  }
}
