import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Key } from '../../keys/key.ts'
import type { KeyStore } from '../key-store.ts'
import type { ReferenceLedger, Setting } from './_reference-ledger.ts'

/** The methods of the store that the ledger knows too. */
export type LedgerStore = Pick<
  KeyStore,
  | 'charge'
  | 'endReservation'
  | 'expireReservations'
  | 'forgetReservations'
  | 'forgetChargeRequests'
  | 'setQuotaUsed'
  | 'readCounters'
  | 'updateKey'
  | 'setKeyEnabled'
  | 'replaceSecret'
  | 'revokeKey'
>

/** The store on one side, with the key that everything happens to. */
export interface Real {
  store: LedgerStore
  key: Key
  /** Ids of reservations in order: several may end at the same time. */
  nextId: () => string
  /** Told of every step that is taken. */
  onStep?: () => void
}

export type Command = fc.AsyncCommand<ReferenceLedger, Real>

/** Makes a command that does the same on both sides and compares what each says. */
export function command(
  text: string,
  run: (ledger: ReferenceLedger, real: Real) => Promise<void>,
  check: (ledger: ReferenceLedger) => boolean = () => true,
): Command {
  return {
    check,
    run: async (ledger, real) => {
      real.onStep?.()
      await run(ledger, real)
      const counters = await real.store.readCounters([real.key.id])
      const found = counters.map(({ keyId: _keyId, ...counter }) => counter)
      same(found.toSorted(byCounter), ledger.counters().toSorted(byCounter))
    },
    toString: () => text,
  }
}

/** As `toEqual`, which is too slow for a million comparisons that find nothing. */
export function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected)
}

const byCounter = (a: { sourceId: string; name: string }, b: typeof a) =>
  a.name === b.name ? (a.sourceId < b.sourceId ? -1 : 1) : a.name < b.name ? -1 : 1

const MAX = Number.MAX_SAFE_INTEGER
export const amount = fc.oneof(
  { weight: 20, arbitrary: fc.nat(8) },
  { weight: 1, arbitrary: fc.constantFrom(MAX, MAX - 1) },
)
export const period = fc.constantFrom('none', 'day', 'week', 'month')
/** Which of several things is meant, once it is known how many there are. */
export const pick = fc.nat(99)

/** The quotas that a key may have: two of one name, of which one is a policy's. */
export const ALL_SETTINGS: readonly Setting[] = [
  { sourceId: 'key', name: 'tokens', limit: 20, period: 'day' },
  { sourceId: 'policy', name: 'tokens', limit: 15, period: 'month' },
  { sourceId: 'key', name: 'credits', limit: 10, period: 'none' },
]
