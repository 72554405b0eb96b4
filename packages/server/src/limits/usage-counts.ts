import type { VerdictCode } from '@keysmith/contract'
import type { UsageCount, UsageStore } from '../store/usage-store.ts'

const FLUSH_EVERY_MS = 1000
const HOUR_MS = 3_600_000

/** Usage by key and hour, collected in memory and written once a second: never on the answer path. */
export class UsageCounts {
  readonly #store: Pick<UsageStore, 'addUsage'>
  readonly #onError: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #counts = new Map<string, UsageCount>()

  constructor(store: Pick<UsageStore, 'addUsage'>, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
    this.#timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS)
    this.#timer.unref()
  }

  noteVerdict(keyId: string, code: VerdictCode, at: number): void {
    this.#add({ keyId, hour: hourOf(at), kind: 'verdict', name: code, amount: 1 })
  }

  noteCharged(keyId: string, amounts: Readonly<Record<string, number>>, at: number): void {
    for (const [name, amount] of Object.entries(amounts)) {
      if (amount > 0) this.#add({ keyId, hour: hourOf(at), kind: 'charged', name, amount })
    }
  }

  /** Writes what was counted. What cannot be written is dropped: quotas are exact, this is for charts. */
  async flush(): Promise<void> {
    if (this.#counts.size === 0) return
    const counts = [...this.#counts.values()]
    this.#counts = new Map()
    try {
      await this.#store.addUsage(counts)
    } catch (error) {
      this.#onError(error)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  #add(count: UsageCount): void {
    const id = `${count.keyId}/${count.hour}/${count.kind}/${count.name}`
    const known = this.#counts.get(id)
    if (known) known.amount += count.amount
    else this.#counts.set(id, count)
  }
}

function hourOf(at: number): number {
  return at - (at % HOUR_MS)
}
