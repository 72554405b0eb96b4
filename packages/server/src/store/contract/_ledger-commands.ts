import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Key } from '../../keys/key.ts'
import type { KeyStore } from '../key-store.ts'
import { changeOf, someSecret } from './_records.ts'
import {
  type LedgerCharge,
  type ReferenceLedger,
  type Setting,
  startOf,
} from './_reference-ledger.ts'

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

type Command = fc.AsyncCommand<ReferenceLedger, Real>

/** Makes a command that does the same on both sides and compares what each says. */
function command(
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
function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected)
}

const byCounter = (a: { sourceId: string; name: string }, b: typeof a) =>
  a.name === b.name ? (a.sourceId < b.sourceId ? -1 : 1) : a.name < b.name ? -1 : 1

const MAX = Number.MAX_SAFE_INTEGER
const amount = fc.oneof(
  { weight: 20, arbitrary: fc.nat(8) },
  { weight: 1, arbitrary: fc.constantFrom(MAX, MAX - 1) },
)
const limit = fc.oneof(
  { weight: 12, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constant(MAX) },
)
const period = fc.constantFrom('none', 'day', 'week', 'month')
/** Which of several things is meant, once it is known how many there are. */
const pick = fc.nat(99)

/** A name without a quota is among them. */
const reserve = fc.dictionary(fc.constantFrom('tokens', 'images'), amount, { minKeys: 1 })

const charges = fc
  .record({
    credits: fc.option(amount),
    reserve: fc.option(reserve),
    tokens: amount,
    // Short ones run out while the clock moves by seconds, long ones live through the end of a month.
    seconds: fc.constantFrom(1, 60, 3600, 5_000_000),
    onExpiry: fc.constantFrom('released' as const, 'charged' as const),
    twin: fc.option(fc.nat(2), { freq: 2 }),
    fingerprint: fc.constantFrom('a', 'a', 'a', 'b'),
    isLate: fc.nat(9).map((number) => number === 0),
  })
  .map((asked) =>
    command(`charge ${JSON.stringify(asked)}`, async (ledger, real) => {
      const { seconds, onExpiry, twin, fingerprint } = asked
      const cost: Record<string, number> = { credits: asked.credits ?? 0 }
      if (!asked.reserve) cost.tokens = asked.tokens
      const charge: LedgerCharge = {
        cost,
        reserve: asked.reserve,
        reservationId: real.nextId(),
        expiresAt: ledger.now + seconds * 1000,
        onExpiry,
        twin: twin === null ? null : { key: `twin-${twin}`, fingerprint },
        // A key that does not work is not charged, but for a request that was decided before.
        isStale: asked.isLate || !ledger.enabled || ledger.revoked,
      }
      same(await chargeStore(ledger, real, charge), ledger.charge(charge))
    }),
  )

function chargeStore(ledger: ReferenceLedger, { store, key }: Real, charge: LedgerCharge) {
  const { reserve, cost, twin, isStale, reservationId: id, expiresAt, onExpiry } = charge
  return store.charge({
    decidedBy: {
      keyId: key.id,
      keyRevision: isStale ? ledger.revision - 1 : ledger.revision,
      projectId: key.projectId,
      projectRevision: 1,
      policies: [],
    },
    charges: ledger.settings.map((setting) => ({
      ...setting,
      periodStart: startOf(setting.period, ledger.now),
      cost: cost[setting.name] ?? 0,
      reserve: reserve?.[setting.name] ?? 0,
    })),
    reservation: reserve && { id, amounts: reserve, expiresAt, onExpiry },
    idempotency: twin && { ...twin, actorId: 'actor1' },
    now: ledger.now,
  })
}

const ends = fc
  .record({
    pick,
    cost: fc.option(fc.dictionary(fc.constantFrom('tokens', 'tokens', 'tokens', 'images'), amount)),
  })
  .map((asked) =>
    command(
      `end ${JSON.stringify(asked)}`,
      async (ledger, { store, key }) => {
        const { id = '' } = ledger.reservations[asked.pick % ledger.reservations.length] ?? {}
        const { cost } = asked
        const expected = ledger.end(id, cost)
        const found = await store.endReservation({ id, scope: null, cost, now: ledger.now })
        same(withoutKey(found, key), expected)
      },
      (ledger) => ledger.reservations.length > 0,
    ),
  )

/** The ledger has one key, so that it need not name it. */
function withoutKey(found: Awaited<ReturnType<LedgerStore['endReservation']>>, key: Key) {
  if (found.outcome !== 'ended') return found
  const { keyId, ...reservation } = found.reservation
  same(keyId, key.id)
  return { ...found, reservation }
}

const expirations = fc.constantFrom(1, 2, 100).map((most) =>
  command(`expire ${most}`, async (ledger, { store }) => {
    const ended = await store.expireReservations(ledger.now, most)
    const found = ended.map(({ keyId: _keyId, ...reservation }) => reservation)
    same(found.toSorted(byId), (ledger.expire(most) as typeof found).toSorted(byId))
  }),
)

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

const forgetting = fc.constant(
  command('forget', async (ledger, { store }) => {
    const { now } = ledger
    same(await store.forgetReservations(now, 100), ledger.forgetReservations())
    same(await store.forgetChargeRequests(now, 100), ledger.forgetRequests())
  }),
)

const settingOf = (ledger: ReferenceLedger, index: number): Setting => {
  const setting = ledger.settings[index % ledger.settings.length]
  if (!setting) throw new Error('the key has no quota')
  return setting
}

const counts = fc.record({ pick, used: amount }).map((asked) =>
  command(
    `set ${JSON.stringify(asked)}`,
    async (ledger, { store, key }) => {
      const { limit: _limit, ...counter } = settingOf(ledger, asked.pick)
      const { now } = ledger
      const setting = { ...counter, keyId: key.id, projectId: key.projectId, used: asked.used }
      const periodStart = startOf(counter.period, now)
      const outcome = await store.setQuotaUsed(
        { ...setting, periodStart, updatedAt: now },
        changeOf({ kind: 'key', id: key.id }, { action: 'key.quota_set' }),
      )
      same(outcome, ledger.revoked ? 'conflict' : 'ok')
      if (outcome !== 'ok') return
      ledger.setUsed(settingOf(ledger, asked.pick), asked.used)
      ledger.revision += 1
    },
    (ledger) => ledger.settings.length > 0,
  ),
)

/** Changes on the key as a caller makes them; a revoked one refuses. */
async function edit(
  ledger: ReferenceLedger,
  { key }: Real,
  write: (change: ReturnType<typeof changeOf>) => Promise<string>,
): Promise<boolean> {
  const outcome = await write(changeOf({ kind: 'key', id: key.id }))
  same(outcome, ledger.revoked ? 'conflict' : 'ok')
  if (outcome === 'ok') ledger.revision += 1
  return outcome === 'ok'
}

const quotas = fc.record({ pick, limit: fc.option(limit, { freq: 9 }), period }).map((asked) =>
  command(`quota ${JSON.stringify(asked)}`, async (ledger, real) => {
    const { revision, now } = ledger
    const isEdited = await edit(ledger, real, (change) =>
      real.store.updateKey({ ...real.key, updatedAt: now }, revision, change),
    )
    if (!isEdited) return
    const place = asked.pick % ALL_SETTINGS.length
    const { sourceId, name } = ALL_SETTINGS[place] as Setting
    const others = ledger.settings.filter(
      (each) => each.sourceId !== sourceId || each.name !== name,
    )
    const { limit: most } = asked
    // null takes the quota away; its count stays, and goes on when the quota comes back.
    ledger.settings =
      most === null ? others : [...others, { sourceId, name, limit: most, period: asked.period }]
  }),
)

const rotations = fc.constant(
  command('rotate', async (ledger, real) => {
    const { id: keyId, projectId } = real.key
    const version = ledger.secretVersion + 1
    const { now: updatedAt, secretVersion: expectedVersion } = ledger
    const isRotated = await edit(ledger, real, (change) =>
      real.store.replaceSecret(
        { keyId, projectId, expectedVersion, secret: someSecret({ version }), keep: [], updatedAt },
        change,
      ),
    )
    if (isRotated) ledger.secretVersion = version
  }),
)

const switches = fc.constant(
  command('disable or enable', async (ledger, real) => {
    const enabled = !ledger.enabled
    const { now: updatedAt } = ledger
    const isSwitched = await edit(ledger, real, (change) =>
      real.store.setKeyEnabled({ ...real.key, enabled, updatedAt }, change),
    )
    if (isSwitched) ledger.enabled = enabled
  }),
)

const revocations = fc.constant(
  command('revoke', async (ledger, real) => {
    const { id: keyId, projectId } = real.key
    const facts = { by: 'actor1', reason: null, overrideProtection: false }
    // Before every time that a stepped clock can show.
    const at = 1
    const isRevoked = await edit(ledger, real, (change) =>
      real.store.revokeKey({ keyId, projectId, at, updatedAt: at, ...facts }, change),
    )
    ledger.revoked ||= isRevoked
  }),
)

const HOUR_MS = 3_600_000
const moves = fc
  .oneof(
    fc.constantFrom(1, 999, 1000, 59_999, 60_000, HOUR_MS, 25 * HOUR_MS, 32 * 24 * HOUR_MS),
    fc.constantFrom(-1, -60_000, -HOUR_MS, -25 * HOUR_MS, -8 * 24 * HOUR_MS),
  )
  .map((ms) =>
    command(`clock ${ms}`, async (ledger) => {
      ledger.now += ms
    }),
  )

/** To the end of a period, 1 ms before or after it. */
const edges = fc.record({ period, offset: fc.constantFrom(-1, 0, 1) }).map((asked) =>
  command(
    `clock to the edge ${JSON.stringify(asked)}`,
    async (ledger) => {
      const days = { none: 0, day: 1, week: 7, month: 32 }[asked.period]
      const within = startOf(asked.period, ledger.now) + days * 24 * HOUR_MS
      ledger.now = startOf(asked.period, within) + asked.offset
    },
    () => asked.period !== 'none',
  ),
)

/** The quotas that a key may have: two of one name, of which one is a policy's. */
export const ALL_SETTINGS: readonly Setting[] = [
  { sourceId: 'key', name: 'tokens', limit: 20, period: 'day' },
  { sourceId: 'policy', name: 'tokens', limit: 15, period: 'month' },
  { sourceId: 'key', name: 'credits', limit: 10, period: 'none' },
]

const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) =>
  Array.from({ length: weight }, () => arbitrary)

export const ledgerCommands = fc.commands(
  [
    ...weighted(12, charges),
    ...weighted(7, ends),
    ...weighted(2, expirations),
    ...weighted(1, forgetting),
    ...weighted(2, counts),
    ...weighted(2, quotas),
    ...weighted(1, rotations),
    ...weighted(1, switches),
    ...weighted(3, moves),
    ...weighted(2, edges),
    revocations,
  ],
  // As long as the budget allows: most defects need several steps.
  { maxCommands: 24, size: 'max' },
)
