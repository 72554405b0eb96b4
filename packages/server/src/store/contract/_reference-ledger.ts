import type { QuotaPeriod } from '@keysmith/contract'
import { NOW } from './_records.ts'

// What quotas and reservations mean, said a second time and in another way: every count is a book of what
// was charged, closed and begun anew where a period ends or an administrator sets the count. Nothing here
// shares code with the service.

const MAX = Number.MAX_SAFE_INTEGER
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

type Amounts = Record<string, number>

export interface Setting {
  sourceId: string
  name: string
  limit: number
  period: QuotaPeriod
}

/** One book of a count. The last one of a count is open. */
interface Book {
  kind: QuotaPeriod
  start: number
  charged: number[]
  holds: Map<string, number>
  closedBy: 'period' | 'administrator' | null
}

interface OpenReservation {
  id: string
  amounts: Amounts
  books: { name: string; book: Book; count: Book[] }[]
  expiresAt: number
  onExpiry: 'released' | 'charged'
  end: Ended | null
}

interface Ended {
  state: 'settled' | 'released' | 'expired'
  charged: Amounts
  released: Amounts
  dropped: Amounts
  overrun: boolean
  endedAt: number
}

export interface LedgerCharge {
  cost: Amounts
  reserve: Amounts | null
  reservationId: string
  expiresAt: number
  onExpiry: 'released' | 'charged'
  /** Name and fingerprint of the request. */
  twin: { key: string; fingerprint: string } | null
  isStale: boolean
}

export class ReferenceLedger {
  now = NOW
  revision = 1
  secretVersion = NOW
  enabled = true
  revoked = false
  settings: Setting[]
  readonly reservations: OpenReservation[] = []
  readonly #counts = new Map<string, Book[]>()
  readonly #requests = new Map<string, { fingerprint: string; at: number; answer: object }>()
  /** Ended by a charge; who asks for those that expire is told of them. */
  #untold: OpenReservation[] = []

  constructor(settings: Setting[]) {
    this.settings = settings
  }

  charge(charge: LedgerCharge): object {
    const { twin, reserve, reservationId, expiresAt, onExpiry } = charge
    const earlier = twin && this.#requests.get(twin.key)
    if (twin && earlier && earlier.at > this.now - MINUTE_MS) {
      if (earlier.fingerprint !== twin.fingerprint) return { outcome: 'mismatch' }
      return { ...earlier.answer, isRepeated: true }
    }
    if (charge.isStale) return { outcome: 'stale' }
    if (this.#firstRefusal(charge) >= 0) this.#untold.push(...this.#endOverdue(Infinity))
    const index = this.#firstRefusal(charge)
    if (index >= 0) return { outcome: 'exhausted', index }
    const books = this.settings.map((setting) => this.#write(setting, charge))
    const remaining = this.settings.map(({ limit }, at) => Math.max(0, limit - totalOf(books[at])))
    if (reserve) {
      const held = this.settings.flatMap((setting, at) => {
        const book = books[at]
        if (!book || !(setting.name in reserve)) return []
        return [{ name: setting.name, book, count: this.#count(setting) }]
      })
      const reservation = { id: reservationId, amounts: reserve, books: held, expiresAt, onExpiry }
      this.reservations.push({ ...reservation, end: null })
    }
    const answer = { outcome: 'charged', remaining, reservationId: reserve ? reservationId : null }
    if (twin) this.#requests.set(twin.key, { ...twin, at: this.now, answer })
    return { ...answer, isRepeated: false }
  }

  end(id: string, cost: Amounts | null): object {
    const reservation = this.reservations.find((each) => each.id === id)
    const ended = reservation?.end
    if (!reservation || (ended && ended.endedAt <= this.now - DAY_MS)) return { outcome: 'absent' }
    const unknown = Object.keys(cost ?? {}).find((name) => !(name in reservation.amounts))
    if (unknown !== undefined) return { outcome: 'not_reserved', name: unknown }
    if (!ended && reservation.expiresAt <= this.now) this.#expire(reservation)
    else if (!ended) this.#conclude(reservation, cost ? 'settled' : 'released', cost, this.now)
    return { outcome: 'ended', isFirst: !ended, reservation: { id, ...reservation.end } }
  }

  /** Gives what is told of each. */
  expire(limit: number): object[] {
    const told = [...this.#untold, ...this.#endOverdue(limit)]
    this.#untold = []
    return told.map(({ id, end }) => ({ id, ...end }))
  }

  forgetReservations(): number {
    const old = this.reservations.filter(({ end }) => end && end.endedAt <= this.now - DAY_MS)
    for (const reservation of old)
      this.reservations.splice(this.reservations.indexOf(reservation), 1)
    return old.length
  }

  forgetRequests(): number {
    const old = [...this.#requests].filter(([, { at }]) => at <= this.now - MINUTE_MS)
    for (const [key] of old) this.#requests.delete(key)
    return old.length
  }

  setUsed({ sourceId, name, period }: Setting, used: number): void {
    const count = this.#count({ sourceId, name })
    const present = count.at(-1)
    const start = startOf(period, this.now)
    const isAhead = present?.kind === period && present.start > start
    if (present) present.closedBy = 'administrator'
    count.push(newBook(period, isAhead ? present.start : start, [used]))
  }

  /** As the store reads them, in no order. */
  counters() {
    return [...this.#counts].flatMap(([id, books]) => {
      const book = books.at(-1)
      const [sourceId = '', name = ''] = id.split('/')
      if (!book) return []
      const counted = { used: usedOf(book), reserved: sum(book.holds.values()) }
      return [{ sourceId, name, period: book.kind, periodStart: book.start, ...counted }]
    })
  }

  /** Used and reserved never pass the limit by a charge: only by a settlement or a lower limit. */
  #firstRefusal({ cost, reserve }: LedgerCharge): number {
    return this.settings.findIndex((setting) => {
      const book = this.#count(setting).at(-1)
      const present = book && !this.#isOver(book, setting) ? totalOf(book) : 0
      const wanted = (cost[setting.name] ?? 0) + (reserve?.[setting.name] ?? 0)
      return BigInt(present) + BigInt(wanted) > BigInt(setting.limit)
    })
  }

  #write(setting: Setting, { cost, reserve, reservationId }: LedgerCharge): Book {
    const count = this.#count(setting)
    const start = startOf(setting.period, this.now)
    let book = count.at(-1)
    if (book && this.#isOver(book, setting)) book.closedBy = 'period'
    if (!book || book.closedBy) {
      book = newBook(setting.period, start, [])
      count.push(book)
    }
    if (book.kind !== setting.period) Object.assign(book, { kind: setting.period, start })
    book.charged.push(cost[setting.name] ?? 0)
    if (reserve && setting.name in reserve)
      book.holds.set(reservationId, reserve[setting.name] ?? 0)
    return book
  }

  #endOverdue(limit: number): OpenReservation[] {
    const overdue = this.reservations
      .filter(({ end, expiresAt }) => !end && expiresAt <= this.now)
      .toSorted((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
    for (const reservation of overdue) this.#expire(reservation)
    return overdue
  }

  #expire(reservation: OpenReservation): void {
    const cost = reservation.onExpiry === 'charged' ? {} : null
    this.#conclude(reservation, 'expired', cost, reservation.expiresAt)
  }

  #conclude(
    { id, amounts, books }: OpenReservation,
    state: Ended['state'],
    cost: Amounts | null,
    endedAt: number,
  ): void {
    const end: Ended = { state, charged: {}, released: {}, dropped: {}, overrun: false, endedAt }
    for (const [name, reserved] of Object.entries(amounts)) {
      const used = cost ? (cost[name] ?? reserved) : 0
      const held = books.filter((each) => each.name === name)
      for (const { book } of held) {
        if (book.closedBy) continue
        book.holds.delete(id)
        book.charged.push(used)
      }
      const isSetSince = ({ book, count }: (typeof held)[number]) =>
        count.slice(count.indexOf(book)).some(({ closedBy }) => closedBy === 'administrator')
      const isDropped = held.length > 0 && held.every(isSetSince)
      if (used > 0) end[isDropped ? 'dropped' : 'charged'][name] = used
      if (used < reserved) end.released[name] = reserved - used
      if (used > reserved && !isDropped) end.overrun = true
    }
    const known = this.reservations.find((each) => each.id === id)
    if (known) known.end = end
  }

  #isOver(book: Book, { period }: Setting): boolean {
    return book.kind === period && book.start < startOf(period, this.now)
  }

  #count({ sourceId, name }: Pick<Setting, 'sourceId' | 'name'>): Book[] {
    const id = `${sourceId}/${name}`
    const books = this.#counts.get(id) ?? []
    this.#counts.set(id, books)
    return books
  }
}

function newBook(kind: QuotaPeriod, start: number, charged: number[]): Book {
  return { kind, start, charged, holds: new Map(), closedBy: null }
}

function usedOf({ charged }: Book): number {
  return charged.reduce((total, amount) => Math.min(MAX, total + amount), 0)
}

function totalOf(book: Book | undefined): number {
  return book ? usedOf(book) + sum(book.holds.values()) : 0
}

function sum(amounts: Iterable<number>): number {
  let total = 0
  for (const amount of amounts) total += amount
  return total
}

/** By the calendar, where the service counts in ms: a defect of `periodStart` is not on both sides. */
export function startOf(period: QuotaPeriod, now: number): number {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  switch (period) {
    case 'none':
      return 0
    case 'day':
      return Date.UTC(year, month, day)
    case 'week':
      return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7))
    case 'month':
      return Date.UTC(year, month)
  }
}
