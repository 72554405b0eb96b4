const WRITE_EVERY_MS = 1000

/** Collects in memory what need not be on disk before the answer. */
export interface Collector {
  /** Writes what was collected until now; never rejects. */
  flush(): Promise<void>
}

/**
 * Writes what verifications leave behind, once a second. All collectors write in the same turn, so that their writes
 * share a commit. One that still writes is left alone.
 */
export class WriteBehind {
  readonly #collectors: readonly Collector[]
  readonly #writing = new Set<Collector>()
  readonly #timer: NodeJS.Timeout

  constructor(collectors: readonly Collector[]) {
    this.#collectors = collectors
    this.#timer = setInterval(() => this.#tick(), WRITE_EVERY_MS)
    this.#timer.unref()
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#collectors.map((collector) => collector.flush()))
  }

  #tick(): void {
    for (const collector of this.#collectors) {
      if (this.#writing.has(collector)) continue
      this.#writing.add(collector)
      void collector.flush().finally(() => this.#writing.delete(collector))
    }
  }
}
