import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { checkChain } from '../../audit/chain.ts'
import type { Key } from '../../keys/key.ts'
import type { KeyStore } from '../key-store.ts'
import { ENDED_RESERVATION_TTL_MS } from '../quota-store.ts'
import { addKey, replace, revoke, withKey } from './_actions.ts'
import {
  counts,
  idempotencyOf,
  reserve,
  setUsed,
  someRequest,
  someReservation,
  TODAY,
  TOMORROW,
} from './_charges.ts'
import type { Empty, Open } from './_opened.ts'
import { changeOf, NOW, someKey } from './_records.ts'

const ENDS_AT = NOW + 300_000

export function reservationsContract(empty: Empty): void {
  const settle = (store: KeyStore, id: string, cost: Record<string, number>, now = NOW) =>
    store.endReservation({ id, scope: null, cost, now })
  const release = (store: KeyStore, id: string, now = NOW) =>
    store.endReservation({ id, scope: null, cost: null, now })

  describe('reservations', () => {
    test('what is reserved is held like a charge', async () => {
      const { store, key } = await withKey(empty)
      await reserve(store, key, 60)
      expect(await counts(store, key)).toEqual({ tokens: [0, 60] })
      const charge = (cost: number) => store.charge(someRequest(key, [{ name: 'tokens', cost }]))
      expect(await charge(41)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(40)).toMatchObject({ remaining: [0] })
    })

    test('a settlement charges what was used and gives back the rest', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      expect(await settle(store, id, { tokens: 25 }, NOW + 5)).toEqual({
        outcome: 'ended',
        isFirst: true,
        reservation: {
          id,
          keyId: key.id,
          state: 'settled',
          charged: { tokens: 25 },
          released: { tokens: 35 },
          dropped: {},
          overrun: false,
          endedAt: NOW + 5,
        },
      })
      expect(await counts(store, key)).toEqual({ tokens: [25, 0] })
    })

    test('a name that the settlement leaves out is charged as it was reserved', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      expect(await settle(store, id, {})).toMatchObject({
        reservation: { charged: { tokens: 60 }, released: {}, overrun: false },
      })
      expect(await counts(store, key)).toEqual({ tokens: [60, 0] })
    })

    test('a release gives everything back', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      expect(await release(store, id)).toMatchObject({
        isFirst: true,
        reservation: { state: 'released', charged: {}, released: { tokens: 60 }, endedAt: NOW },
      })
      expect(await counts(store, key)).toEqual({ tokens: [0, 0] })
    })

    test('more than was reserved is charged too, and the next request is refused', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      expect(await settle(store, id, { tokens: 101 })).toMatchObject({
        reservation: { charged: { tokens: 101 }, released: {}, overrun: true },
      })
      expect(await counts(store, key)).toEqual({ tokens: [101, 0] })
      const free = someRequest(key, [{ name: 'tokens' }])
      expect(await store.charge(free)).toEqual({ outcome: 'exhausted', index: 0 })
    })

    test('a count never passes 2^53 - 1', async () => {
      const { store, key } = await withKey(empty)
      const MAX = Number.MAX_SAFE_INTEGER
      const first = await reserve(store, key, 1, {}, { limit: MAX })
      const second = await reserve(store, key, 1, {}, { limit: MAX })
      await settle(store, first, { tokens: MAX })
      expect(await settle(store, second, { tokens: MAX })).toMatchObject({
        reservation: { charged: { tokens: MAX }, overrun: true },
      })
      expect(await counts(store, key)).toEqual({ tokens: [MAX, 0] })
    })

    test('who ends it second gets the first answer, whatever he asks for', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      const first = await settle(store, id, { tokens: 25 })
      const again = { ...first, isFirst: false }
      expect(await settle(store, id, { tokens: 26 }, NOW + 1)).toEqual(again)
      expect(await release(store, id, ENDS_AT + 1)).toEqual(again)
      expect(await counts(store, key)).toEqual({ tokens: [25, 0] })
      const other = await reserve(store, key, 10)
      const released = await release(store, other)
      expect(await settle(store, other, { tokens: 5 })).toEqual({ ...released, isFirst: false })
      expect(await counts(store, key)).toEqual({ tokens: [25, 0] })
    })

    test('of concurrent ends exactly one is the first', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      const ends = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? settle(store, id, { tokens: index }) : release(store, id),
      )
      const outcomes = await Promise.all(ends)
      expect(outcomes.filter((end) => end.outcome === 'ended' && end.isFirst)).toHaveLength(1)
      const answers = outcomes.map((end) => end.outcome === 'ended' && end.reservation)
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect((await counts(store, key)).tokens?.[1]).toBe(0)
    })

    test('a name that was not reserved settles nothing', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      for (const name of ['credits', 'constructor', 'toString']) {
        expect(await settle(store, id, { tokens: 1, [name]: 1 })).toEqual({
          outcome: 'not_reserved',
          name,
        })
      }
      expect(await counts(store, key)).toEqual({ tokens: [0, 60] })
      expect(await settle(store, id, { tokens: 1 })).toMatchObject({ isFirst: true })
    })

    test('an unknown reservation and that of another project are absent', async () => {
      const { store, project, key } = await withKey(empty)
      const id = await reserve(store, key, 60)
      const end = (scope: string | null, other = id) =>
        store.endReservation({ id: other, scope, cost: {}, now: NOW })
      expect(await end(null, generateId())).toEqual({ outcome: 'absent' })
      expect(await end(generateId())).toEqual({ outcome: 'absent' })
      expect(await counts(store, key)).toEqual({ tokens: [0, 60] })
      expect(await end(project.id)).toMatchObject({ outcome: 'ended', isFirst: true })
      expect(await end(generateId())).toEqual({ outcome: 'absent' })
    })

    test('names without a quota are kept and answered too', async () => {
      const { store, key } = await withKey(empty)
      const reservation = someReservation({ images: 3, constructor: 2 })
      await store.charge(someRequest(key, [], { reservation }))
      expect(await settle(store, reservation.id, { images: 4 })).toMatchObject({
        reservation: { charged: { images: 4, constructor: 2 }, released: {}, overrun: true },
      })
      expect(await store.readCounters([key.id])).toEqual([])
    })

    test('a name that was reserved with nothing is charged what was used', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 0)
      expect(await settle(store, id, { tokens: 7 })).toMatchObject({
        reservation: { charged: { tokens: 7 }, overrun: true },
      })
      expect(await counts(store, key)).toEqual({ tokens: [7, 0] })
    })

    test('every quota of a name holds the amount, and each is settled', async () => {
      const { store, key } = await withKey(empty)
      const reservation = someReservation({ tokens: 30 })
      const sources = [key.id, generateId()]
      const charges = sources.map((sourceId) => ({ sourceId, name: 'tokens', reserve: 30 }))
      await store.charge(someRequest(key, charges, { reservation }))
      await settle(store, reservation.id, { tokens: 12 })
      const counters = await store.readCounters([key.id])
      expect(counters.map(({ used, reserved }) => [used, reserved])).toEqual([
        [12, 0],
        [12, 0],
      ])
    })

    test('a refused reservation leaves nothing, and its idempotency key stays free', async () => {
      const { store, key } = await withKey(empty)
      const reservation = someReservation({ tokens: 101 })
      const idempotency = idempotencyOf('k')
      const charges = [{ name: 'tokens', reserve: 101 }]
      const request = someRequest(key, charges, { reservation, idempotency })
      expect(await store.charge(request)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await settle(store, reservation.id, {})).toEqual({ outcome: 'absent' })
      expect(await store.findChargeRequest('actor1', 'k', NOW)).toBeNull()
    })

    test('a repeated request gets the reservation of the first one', async () => {
      const { store, key } = await withKey(empty)
      const idempotency = idempotencyOf('k')
      const ask = () => {
        const reservation = someReservation({ tokens: 60 })
        const charges = [{ name: 'tokens', reserve: 60 }]
        return store.charge(someRequest(key, charges, { reservation, idempotency }))
      }
      const first = await ask()
      expect(first).toMatchObject({ outcome: 'charged', remaining: [40], isRepeated: false })
      expect(await ask()).toEqual({ ...first, isRepeated: true })
      expect(await counts(store, key)).toEqual({ tokens: [0, 60] })
    })
  })

  describe('the end of a reservation by itself', () => {
    test('it ends at its time, not 1 ms before, and is then released', async () => {
      const { store, key } = await withKey(empty)
      const early = await reserve(store, key, 10)
      const late = await reserve(store, key, 20)
      expect(await settle(store, early, { tokens: 5 }, ENDS_AT - 1)).toMatchObject({
        reservation: { state: 'settled', charged: { tokens: 5 } },
      })
      expect(await settle(store, late, { tokens: 5 }, ENDS_AT)).toMatchObject({
        isFirst: true,
        reservation: {
          state: 'expired',
          charged: {},
          released: { tokens: 20 },
          endedAt: ENDS_AT,
        },
      })
      expect(await counts(store, key)).toEqual({ tokens: [5, 0] })
    })

    test('or it is charged, when its project wants that', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 20, { onExpiry: 'charged' })
      expect(await release(store, id, ENDS_AT)).toMatchObject({
        reservation: { state: 'expired', charged: { tokens: 20 }, released: {}, overrun: false },
      })
      expect(await counts(store, key)).toEqual({ tokens: [20, 0] })
    })

    test('those whose time is over are ended, the oldest first and so many at a time', async () => {
      const { store, key } = await withKey(empty)
      const ids: string[] = []
      for (const after of [3, 1, 2, 4]) {
        ids[after] = await reserve(store, key, after, { expiresAt: NOW + after })
      }
      const expire = async (now: number, limit: number) =>
        (await store.expireReservations(now, limit)).map(({ id }) => id)
      expect(await expire(NOW, 10)).toEqual([])
      expect(await expire(NOW + 3, 2)).toEqual([ids[1], ids[2]])
      expect(await counts(store, key)).toEqual({ tokens: [0, 7] })
      expect(await expire(NOW + 3, 2)).toEqual([ids[3]])
      expect(await expire(NOW + 3, 2)).toEqual([])
      expect(await settle(store, ids[1] ?? '', { tokens: 1 })).toMatchObject({
        isFirst: false,
        reservation: { state: 'expired', released: { tokens: 1 }, endedAt: NOW + 1 },
      })
      expect(await counts(store, key)).toEqual({ tokens: [0, 4] })
    })

    test('before a charge is refused, overdue reservations of its key are ended', async () => {
      const { store, project, key } = await withKey(empty)
      const other = someKey(project)
      await addKey(store, other)
      const overdue = { expiresAt: NOW + 1 }
      const id = await reserve(store, key, 90, overdue)
      const charged = await reserve(store, key, 5, { ...overdue, onExpiry: 'charged' })
      const foreign = await reserve(store, other, 100, overdue)
      const charge = (cost: number, now: number) =>
        store.charge(someRequest(key, [{ name: 'tokens', cost }], { now }))
      expect(await charge(95, NOW)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(95, NOW + 1)).toMatchObject({ remaining: [0] })
      expect(await counts(store, key)).toEqual({ tokens: [100, 0] })
      expect(await counts(store, other)).toEqual({ tokens: [0, 100] })
      // Who counts usage is told of them with the next ones, once.
      const told = (await store.expireReservations(NOW + 1, 10)).map((ended) => ended.id)
      expect(told.toSorted()).toEqual([id, charged, foreign].toSorted())
      expect(await store.expireReservations(NOW + 1, 10)).toEqual([])
    })

    test('what a refused charge has ended stays ended', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 50, { expiresAt: NOW + 1, onExpiry: 'charged' })
      const charges = [
        { name: 'credits', cost: 1 },
        { name: 'tokens', cost: 51 },
      ]
      const outcome = await store.charge(someRequest(key, charges, { now: NOW + 1 }))
      expect(outcome).toEqual({ outcome: 'exhausted', index: 1 })
      expect(await counts(store, key)).toEqual({ tokens: [50, 0] })
      expect(await settle(store, id, {})).toMatchObject({ isFirst: false })
    })

    test('a backlog of overdue reservations stands in the way of no charge', async () => {
      const { store, key } = await withKey(empty)
      const overdue = { expiresAt: NOW + 1 }
      await Promise.all(Array.from({ length: 250 }, () => reserve(store, key, 1, overdue, FULL)))
      const request = (now: number) =>
        someRequest(key, [{ name: 'tokens', cost: 250, ...FULL }], { now })
      expect(await store.charge(request(NOW))).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await store.charge(request(NOW + 1))).toMatchObject({ remaining: [0] })
    })

    test('an end is kept 24 hours, then forgotten', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 20)
      const open = await reserve(store, key, 20, { expiresAt: NOW + ENDED_RESERVATION_TTL_MS + 9 })
      await release(store, id)
      const later = NOW + ENDED_RESERVATION_TTL_MS
      expect(await store.forgetReservations(later - 1, 10)).toBe(0)
      expect(await release(store, id, later - 1)).toMatchObject({ isFirst: false })
      expect(await release(store, id, later)).toEqual({ outcome: 'absent' })
      expect(await store.forgetReservations(later, 10)).toBe(1)
      expect(await release(store, id, NOW)).toEqual({ outcome: 'absent' })
      expect(await release(store, open, later)).toMatchObject({ isFirst: true })
    })
  })

  describe('a reservation whose quota has changed', () => {
    test('it is settled after the key was rotated, disabled and revoked', async () => {
      const { store, key } = await withKey(empty)
      const ids = [await reserve(store, key, 10), await reserve(store, key, 20)]
      await replace(store, key, { from: NOW, to: NOW + 1, keep: [] })
      const change = changeOf({ kind: 'key', id: key.id })
      await store.setKeyEnabled({ ...key, enabled: false }, change)
      expect(await settle(store, ids[0] ?? '', {})).toMatchObject({ isFirst: true })
      await revoke(store, key, NOW)
      expect(await settle(store, ids[1] ?? '', { tokens: 5 })).toMatchObject({ isFirst: true })
      expect(await counts(store, key)).toEqual({ tokens: [15, 0] })
    })

    test('it is dropped when the count was set since, and moves nothing', async () => {
      const { store, key } = await withKey(empty)
      const settled = await reserve(store, key, 60)
      const released = await reserve(store, key, 40)
      expect(await setUsed(store, key, 'tokens', 30)).toBe('ok')
      expect(await counts(store, key)).toEqual({ tokens: [30, 0] })
      expect(await settle(store, settled, { tokens: 70 })).toMatchObject({
        isFirst: true,
        reservation: { charged: {}, released: {}, dropped: { tokens: 70 }, overrun: false },
      })
      expect(await release(store, released)).toMatchObject({
        reservation: { charged: {}, released: { tokens: 40 }, dropped: {} },
      })
      expect(await counts(store, key)).toEqual({ tokens: [30, 0] })
    })

    test('it belongs to its period: after the reset it moves nothing, and counts as charged', async () => {
      const { store, key } = await withKey(empty)
      const today = { period: 'day', periodStart: TODAY } as const
      const id = await reserve(store, key, 60, {}, today)
      const late = await reserve(store, key, 40, {}, today)
      // Nothing was charged in the new period yet: the old one is still on record, and takes it.
      await settle(store, late, { tokens: 39 })
      expect(await counts(store, key)).toEqual({ tokens: [39, 60] })
      const tomorrow = { name: 'tokens', period: 'day', periodStart: TOMORROW } as const
      const first = await store.charge(someRequest(key, [{ ...tomorrow, cost: 100 }]))
      expect(first).toMatchObject({ remaining: [0] })
      expect(await settle(store, id, { tokens: 50 })).toMatchObject({
        reservation: { charged: { tokens: 50 }, released: { tokens: 10 }, dropped: {} },
      })
      expect(await counts(store, key)).toEqual({ tokens: [100, 0] })
    })

    test('a reset of the period does not hide that the count was set', async () => {
      const { store, key } = await withKey(empty)
      const id = await reserve(store, key, 60, {}, { period: 'day', periodStart: TODAY })
      await setUsed(store, key, 'tokens', 0, { period: 'day', periodStart: TODAY })
      const charge = { name: 'tokens', period: 'day', periodStart: TOMORROW, cost: 1 } as const
      await store.charge(someRequest({ ...key, revision: 2 }, [charge]))
      expect(await settle(store, id, {})).toMatchObject({
        reservation: { charged: {}, dropped: { tokens: 60 } },
      })
    })

    test('it counts where one of two quotas of its name still takes it', async () => {
      const { store, key } = await withKey(empty)
      const reservation = someReservation({ tokens: 30 })
      const policyId = generateId()
      const charges = [key.id, policyId].map((sourceId) => ({
        sourceId,
        name: 'tokens',
        reserve: 30,
      }))
      await store.charge(someRequest(key, charges, { reservation }))
      await setUsed(store, key, 'tokens', 1)
      expect(await settle(store, reservation.id, {})).toMatchObject({
        reservation: { charged: { tokens: 30 }, dropped: {} },
      })
      const counters = await store.readCounters([key.id])
      const used = counters.map((counter) => [counter.sourceId, counter.used, counter.reserved])
      expect(used.toSorted()).toEqual(
        [
          [key.id, 1, 0],
          [policyId, 30, 0],
        ].toSorted(),
      )
    })
  })

  describe('the setting of a count', () => {
    test('it makes, raises and lowers a count, and what was decided before is stale', async () => {
      const { store, key } = await withKey(empty)
      const charge = (revision: number) =>
        store.charge(someRequest({ ...key, revision }, [{ name: 'tokens', cost: 1 }]))
      expect(await setUsed(store, key, 'tokens', 99)).toBe('ok')
      expect(await charge(1)).toEqual({ outcome: 'stale' })
      expect(await charge(2)).toMatchObject({ remaining: [0] })
      expect(await charge(2)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await setUsed(store, key, 'tokens', 50)).toBe('ok')
      expect(await charge(3)).toMatchObject({ remaining: [49] })
      expect(await setUsed(store, key, 'tokens', 1000)).toBe('ok')
      expect(await charge(4)).toEqual({ outcome: 'exhausted', index: 0 })
      const found = await store.getKey(key.id, null)
      expect(found).toMatchObject({ revision: 4, updatedAt: NOW + 1 })
    })

    test('it belongs to the present period', async () => {
      const { store, key } = await withKey(empty)
      await setUsed(store, key, 'tokens', 99, { period: 'day', periodStart: TODAY })
      const charge = (periodStart: number) => {
        const daily = { name: 'tokens', period: 'day', periodStart, cost: 2 } as const
        return store.charge(someRequest({ ...key, revision: 2 }, [daily]))
      }
      expect(await charge(TODAY)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(TOMORROW)).toMatchObject({ remaining: [98] })
    })

    test('a key that is gone, foreign or revoked keeps its counts', async () => {
      const { store, key } = await withKey(empty)
      await setUsed(store, key, 'tokens', 5)
      const foreign: Key = { ...key, projectId: generateId() }
      expect(await setUsed(store, foreign, 'tokens', 0)).toBe('conflict')
      expect(await setUsed(store, { ...key, id: generateId() }, 'tokens', 0)).toBe('conflict')
      await revoke(store, key, NOW)
      expect(await setUsed(store, key, 'tokens', 0)).toBe('conflict')
      expect(await counts(store, key)).toEqual({ tokens: [5, 0] })
      const chain = await checkChain(
        (seq) => store.readAuditChain(seq, 97),
        await store.auditHead(),
      )
      expect(chain).toMatchObject({ ok: true, events: 4 })
    })
  })
}

/** Counts, reservations and requests that were charged are on disk. */
export function limitsLifeContract(open: Open): void {
  test('counts, open reservations and charged requests are there after reopening', async () => {
    const { store, reopen, cleanUp } = await open()
    try {
      const { key } = await withKey(async () => store)
      const id = await reserve(store, key, 60)
      const idempotency = idempotencyOf('k')
      const request = someRequest(key, [{ name: 'tokens', cost: 30 }], { idempotency })
      const first = await store.charge(request)
      await store.close()
      const again = await reopen()
      expect(await counts(again, key)).toEqual({ tokens: [30, 60] })
      expect(await again.charge(request)).toEqual({ ...first, isRepeated: true })
      const end = { id, scope: null, cost: { tokens: 1 }, now: NOW }
      expect(await again.endReservation(end)).toMatchObject({ isFirst: true })
      expect(await counts(again, key)).toEqual({ tokens: [31, 0] })
      await again.close()
    } finally {
      await cleanUp()
    }
  })
}

/** A limit that the reservations of a backlog use up. */
const FULL = { limit: 250 }
