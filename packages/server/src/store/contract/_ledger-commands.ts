import fc from 'fast-check'
import type { Key } from '../../keys/key.ts'
import {
  amount,
  type Command,
  command,
  type LedgerStore,
  period,
  pick,
  type Real,
  same,
} from './_ledger-command.ts'
import { quotas, revocations, rotations, switches } from './_ledger-edits.ts'
import { changeOf } from './_records.ts'
import {
  type LedgerCharge,
  type ReferenceLedger,
  type Setting,
  startOf,
} from './_reference-ledger.ts'

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
