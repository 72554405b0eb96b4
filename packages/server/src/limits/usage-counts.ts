import { MAX_USAGE_NAMES, type VerdictCode } from '@keysmith/contract'
import type { Log } from '../log.ts'
import type { UsageCount, UsageStore } from '../store/usage-store.ts'

const HOUR_MS = 3_600_000
/** What one second may count: a row is a key, an hour and a name. About 30 MB at most. */
const MAX_ROWS = 100_000
/** Rows of one write: others wait no longer than this many rows take. */
const ROWS_PER_WRITE = 500

/** What one key did within an hour. */
interface KeyCounts {
  verdicts: Map<VerdictCode, number>
  charged: Map<string, number> | null
}

export interface UsageCountsOptions {
  store: Pick<UsageStore, 'addUsage'>
  log: Pick<Log, 'warn'>
  maxRows?: number
}

/**
 * Usage by key and hour, collected in memory and written once a second by `WriteBehind`: never on the answer
 * path. Nested maps, since a joined name per request costs five times as much.
 */
export class UsageCounts {
  readonly #store: Pick<UsageStore, 'addUsage'>
  readonly #log: Pick<Log, 'warn'>
  readonly #maxRows: number
  #hours = new Map<number, Map<string, KeyCounts>>()
  #rows = 0
  #dropped = 0
  #writing: Promise<void> = Promise.resolve()

  constructor({ store, log, maxRows = MAX_ROWS }: UsageCountsOptions) {
    this.#store = store
    this.#log = log
    this.#maxRows = maxRows
  }

  /** Keys that something is held of, by the hour. */
  get heldKeys(): number {
    return [...this.#hours.values()].reduce((sum, keys) => sum + keys.size, 0)
  }

  noteVerdict(keyId: string, code: VerdictCode, at: number): void {
    const counts = this.#countsOf(keyId, at)
    if (counts) this.#add(counts.verdicts, code, 1)
    else this.#dropped += 1
  }

  /** Amounts by name. What is charged under more names than a key may have in an hour is not counted. */
  noteCharged(keyId: string, amounts: Readonly<Record<string, number>>, at: number): void {
    for (const [name, amount] of Object.entries(amounts)) {
      if (amount > 0) this.#noteAmount(keyId, name, amount, at)
    }
  }

  /** Writes what was counted until now. What cannot be written is dropped: quotas are exact, this is for charts. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  #noteAmount(keyId: string, name: string, amount: number, at: number): void {
    const counts = this.#countsOf(keyId, at)
    if (!counts) {
      this.#dropped += 1
      return
    }
    counts.charged ??= new Map()
    if (counts.charged.size < MAX_USAGE_NAMES || counts.charged.has(name)) {
      this.#add(counts.charged, name, amount)
    }
  }

  /** null when there is no room for another key. */
  #countsOf(keyId: string, at: number): KeyCounts | null {
    const hour = at - (at % HOUR_MS)
    const keys = this.#hours.get(hour)
    const known = keys?.get(keyId)
    if (known) return known
    if (this.#rows >= this.#maxRows) return null
    const counts: KeyCounts = { verdicts: new Map(), charged: null }
    if (keys) keys.set(keyId, counts)
    else this.#hours.set(hour, new Map([[keyId, counts]]))
    return counts
  }

  #add<Name extends string>(counts: Map<Name, number>, name: Name, amount: number): void {
    const known = counts.get(name)
    if (known !== undefined) {
      counts.set(name, Math.min(known + amount, Number.MAX_SAFE_INTEGER))
    } else if (this.#rows < this.#maxRows) {
      this.#rows += 1
      counts.set(name, amount)
    } else this.#dropped += 1
  }

  async #write(): Promise<void> {
    const [hours, rows, dropped] = [this.#hours, this.#rows, this.#dropped]
    this.#hours = new Map()
    this.#rows = 0
    this.#dropped = 0
    if (dropped > 0) this.#log.warn({ dropped }, 'usage was not counted: too many keys at once')
    let written = 0
    try {
      for (const counts of inParts(toRows(hours))) {
        await this.#store.addUsage(counts)
        written += counts.length
      }
    } catch (err) {
      this.#log.warn({ err, rows: rows - written }, 'usage was not written')
    }
  }
}

/** In the order of the table, so that each of its pages is written once and not once per part. */
function* toRows(hours: Map<number, Map<string, KeyCounts>>): Generator<UsageCount> {
  for (const [hour, keys] of hours) {
    for (const [keyId, { verdicts, charged }] of inOrder(keys)) {
      for (const [name, amount] of verdicts) yield { keyId, hour, kind: 'verdict', name, amount }
      for (const [name, amount] of charged ?? []) {
        yield { keyId, hour, kind: 'charged', name, amount }
      }
    }
  }
}

function inOrder(keys: Map<string, KeyCounts>): [string, KeyCounts][] {
  return [...keys].sort(([a], [b]) => (a < b ? -1 : 1))
}

function* inParts(rows: Iterable<UsageCount>): Generator<UsageCount[]> {
  let part: UsageCount[] = []
  for (const row of rows) {
    part.push(row)
    if (part.length < ROWS_PER_WRITE) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}
