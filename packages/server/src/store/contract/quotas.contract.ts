import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { quotaState } from '../../limits/quota-state.ts'
import { CHARGE_REQUEST_TTL_MS, type QuotaCharge } from '../quota-store.ts'
import { addKey, revoke, withKey } from './_actions.ts'
import { counts, idempotencyOf, someRequest, TODAY, TOMORROW } from './_charges.ts'
import type { Empty } from './_opened.ts'
import { changeOf, NOW, someKey } from './_records.ts'
import { startOf } from './_reference-ledger.ts'

const DAY_MS = 86_400_000
const MAX = Number.MAX_SAFE_INTEGER

export function quotasContract(empty: Empty): void {
  describe('charges', () => {
    test('a charge is taken when it fits into what is left, and tells the rest', async () => {
      const { store, key } = await withKey(empty)
      const charge = (cost: number) => store.charge(someRequest(key, [{ cost }]))
      const charged = { outcome: 'charged', reservationId: null, isRepeated: false }
      expect(await store.readCounters([key.id])).toEqual([])
      expect(await charge(99)).toEqual({ ...charged, remaining: [1] })
      expect(await charge(2)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(1)).toEqual({ ...charged, remaining: [0] })
      expect(await charge(1)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(0)).toEqual({ ...charged, remaining: [0] })
      expect(await store.readCounters([key.id])).toEqual([
        {
          keyId: key.id,
          sourceId: key.id,
          name: 'credits',
          period: 'none',
          periodStart: 0,
          used: 100,
          reserved: 0,
        },
      ])
    })

    test('a first charge of more than the limit leaves nothing', async () => {
      const { store, key } = await withKey(empty)
      const outcome = await store.charge(someRequest(key, [{ cost: 60, reserve: 41 }]))
      expect(outcome).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await store.readCounters([key.id])).toEqual([])
    })

    test('all quotas of a request are charged or none, whichever is short', async () => {
      const { store, key } = await withKey(empty)
      const request = (short: number) =>
        someRequest(
          key,
          ['a', 'b', 'c'].map((name, index) => ({
            name,
            cost: 10,
            limit: index === short ? 9 : 10,
          })),
        )
      for (const short of [0, 1, 2]) {
        expect(await store.charge(request(short))).toEqual({ outcome: 'exhausted', index: short })
        expect(await store.readCounters([key.id])).toEqual([])
      }
      expect(await store.charge(request(3))).toMatchObject({ remaining: [0, 0, 0] })
      expect(await counts(store, key)).toEqual({ a: [10, 0], b: [10, 0], c: [10, 0] })
    })

    test('a count above its limit refuses also what costs nothing', async () => {
      const { store, key } = await withKey(empty)
      await store.charge(someRequest(key, [{ cost: 50 }]))
      const free = (limit: number) => store.charge(someRequest(key, [{ cost: 0, limit }]))
      expect(await free(50)).toMatchObject({ outcome: 'charged', remaining: [0] })
      expect(await free(49)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await free(51)).toMatchObject({ outcome: 'charged', remaining: [1] })
    })

    test('keys, sources and names count apart', async () => {
      const { store, project, key } = await withKey(empty)
      const other = someKey(project)
      await addKey(store, other)
      const policyId = generateId()
      await store.charge(someRequest(key, [{ cost: 1 }, { sourceId: policyId, cost: 2 }]))
      await store.charge(someRequest(key, [{ name: 'constructor', cost: 3 }]))
      await store.charge(someRequest(other, [{ cost: 4 }]))
      const counters = await store.readCounters([key.id, other.id])
      const rows = counters.map(({ keyId, sourceId, name, used }) => [keyId, sourceId, name, used])
      expect(rows).toHaveLength(4)
      expect(rows).toEqual(
        expect.arrayContaining([
          [key.id, key.id, 'credits', 1],
          [key.id, policyId, 'credits', 2],
          [key.id, key.id, 'constructor', 3],
          [other.id, other.id, 'credits', 4],
        ]),
      )
      expect(await store.readCounters([other.id])).toHaveLength(1)
      expect(await store.readCounters([])).toEqual([])
    })

    test('amounts are exact up to 2^53 - 1, where no sum may round', async () => {
      const { store, key } = await withKey(empty)
      const charge = (cost: number, reserve = 0) =>
        store.charge(someRequest(key, [{ limit: MAX, cost, reserve }]))
      expect(await charge(MAX - 1)).toMatchObject({ remaining: [1] })
      expect(await charge(2)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(MAX, MAX)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(1)).toMatchObject({ remaining: [0] })
      expect(await counts(store, key)).toEqual({ credits: [MAX, 0] })
    })

    test('500 concurrent charges on a rest of 100 units are granted exactly 100', async () => {
      const { store, key } = await withKey(empty)
      const outcomes = await Promise.all(
        Array.from({ length: 500 }, (_, index) =>
          store.charge(someRequest(key, [{ cost: 1 + (index % 7) }])),
        ),
      )
      const granted = outcomes.reduce(
        (sum, { outcome }, index) => sum + (outcome === 'charged' ? 1 + (index % 7) : 0),
        0,
      )
      expect(granted).toBe(100)
      expect(await counts(store, key)).toEqual({ credits: [100, 0] })
    })
  })

  describe('the records that a charge was decided by', () => {
    test('a charge that was decided by other revisions takes nothing', async () => {
      const { store, project, key } = await withKey(empty)
      const fresh = someRequest(key, [{ cost: 1 }])
      const { decidedBy } = fresh
      const stale = [
        { ...decidedBy, keyRevision: 2 },
        { ...decidedBy, projectRevision: 2 },
        { ...decidedBy, keyId: generateId() },
        { ...decidedBy, projectId: generateId() },
        { ...decidedBy, policies: [{ id: generateId(), revision: 1 }] },
      ]
      for (const other of stale) {
        expect(await store.charge({ ...fresh, decidedBy: other })).toEqual({ outcome: 'stale' })
      }
      expect(await store.readCounters([key.id])).toEqual([])
      expect(await store.charge(fresh)).toMatchObject({ outcome: 'charged' })
      const change = changeOf({ kind: 'project', id: project.id })
      await store.updateProject({ ...project, description: 'x' }, 1, change)
      expect(await store.charge(fresh)).toEqual({ outcome: 'stale' })
      const renewed = { ...decidedBy, projectRevision: 2 }
      expect(await store.charge({ ...fresh, decidedBy: renewed })).toMatchObject({
        outcome: 'charged',
      })
      await revoke(store, key, NOW)
      expect(await store.charge({ ...fresh, decidedBy: renewed })).toEqual({ outcome: 'stale' })
      expect(await counts(store, key)).toEqual({ credits: [2, 0] })
    })
  })

  describe('periods of quotas', () => {
    /** The period's start as the caller reads it at a time, and the limit of 10 units. */
    const daily = (cost: number, periodStart: number): Partial<QuotaCharge> => ({
      limit: 10,
      period: 'day',
      periodStart,
      cost,
    })

    test('the first charge of a new period starts the count again', async () => {
      const { store, key } = await withKey(empty)
      const charge = (cost: number, start: number) =>
        store.charge(someRequest(key, [daily(cost, start)]))
      expect(await charge(10, TODAY)).toMatchObject({ remaining: [0] })
      expect(await charge(1, TODAY)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(11, TOMORROW)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await counts(store, key)).toEqual({ credits: [10, 0] })
      expect(await charge(4, TOMORROW)).toMatchObject({ remaining: [6] })
      expect(await store.readCounters([key.id])).toMatchObject([
        { used: 4, period: 'day', periodStart: TOMORROW },
      ])
    })

    test('a clock that steps back never starts a count again', async () => {
      const { store, key } = await withKey(empty)
      const charge = (cost: number, start: number) =>
        store.charge(someRequest(key, [daily(cost, start)]))
      await charge(6, TOMORROW)
      expect(await charge(4, TODAY)).toMatchObject({ remaining: [0] })
      expect(await charge(1, TOMORROW)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(1, TODAY)).toEqual({ outcome: 'exhausted', index: 0 })
    })

    test('a count goes on when its quota is given another kind of period', async () => {
      const { store, key } = await withKey(empty)
      const charge = (cost: number, period: QuotaCharge['period'], periodStart: number) =>
        store.charge(someRequest(key, [{ limit: 10, period, periodStart, cost }]))
      await charge(6, 'none', 0)
      expect(await charge(1, 'day', TODAY)).toMatchObject({ remaining: [3] })
      expect(await charge(1, 'month', TODAY - 14 * DAY_MS)).toMatchObject({ remaining: [2] })
      expect(await charge(1, 'none', 0)).toMatchObject({ remaining: [1] })
      expect(await charge(2, 'day', TODAY)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await charge(0, 'day', TODAY)).toMatchObject({ remaining: [1] })
      expect(await charge(0, 'day', TOMORROW)).toMatchObject({ remaining: [10] })
    })

    test('what readers are told of a count is what the next charge finds', async () => {
      const { store, key } = await withKey(empty)
      const kinds = ['none', 'day', 'week', 'month'] as const
      const times = [NOW, NOW + DAY_MS, NOW - DAY_MS, NOW + 7 * DAY_MS, NOW + 31 * DAY_MS]
      const quota = (period: QuotaCharge['period']) => ({
        name: 'credits',
        source: { kind: 'key' as const, id: key.id },
        limit: MAX,
        period,
      })
      for (const now of times) {
        for (const period of [...kinds, ...kinds.toReversed()]) {
          const told = quotaState(quota(period), await store.readCounters([key.id]), now)
          const charge = { limit: MAX, period, cost: 1 }
          const outcome = await store.charge(
            someRequest(key, [{ ...charge, periodStart: startOf(period, now) }], { now }),
          )
          expect(outcome).toMatchObject({ remaining: [MAX - told.used - told.reserved - 1] })
        }
      }
    })
  })

  describe('the repetition of a charge', () => {
    test('within 60 seconds it gets the first answer and charges nothing', async () => {
      const { store, key } = await withKey(empty)
      const idempotency = idempotencyOf('k')
      const charge = (now: number, cost = 40) =>
        store.charge(someRequest(key, [{ cost }], { idempotency, now }))
      const first = { outcome: 'charged', remaining: [60], reservationId: null }
      expect(await charge(NOW)).toEqual({ ...first, isRepeated: false })
      await store.charge(someRequest(key, [{ cost: 60 }]))
      await revoke(store, key, NOW)
      const repeated = { ...first, isRepeated: true }
      expect(await charge(NOW + CHARGE_REQUEST_TTL_MS - 1)).toEqual(repeated)
      expect(await charge(NOW - 1)).toEqual(repeated)
      const found = { fingerprint: 'first', names: ['credits'], charged: repeated }
      const find = (actorId: string, now: number) => store.findChargeRequest(actorId, 'k', now)
      expect(await find('actor1', NOW + CHARGE_REQUEST_TTL_MS - 1)).toEqual(found)
      expect(await find('actor1', NOW + CHARGE_REQUEST_TTL_MS)).toBeNull()
      expect(await find('actor2', NOW)).toBeNull()
      expect(await counts(store, key)).toEqual({ credits: [100, 0] })
    })

    test('after 60 seconds the key is free again', async () => {
      const { store, key } = await withKey(empty)
      const charge = (now: number, fingerprint: string) =>
        store.charge(
          someRequest(key, [{ cost: 1 }], { idempotency: idempotencyOf('k', fingerprint), now }),
        )
      const later = NOW + CHARGE_REQUEST_TTL_MS
      expect(await charge(NOW, 'first')).toMatchObject({ isRepeated: false })
      expect(await charge(later - 1, 'second')).toEqual({ outcome: 'mismatch' })
      expect(await charge(later, 'second')).toMatchObject({ isRepeated: false, remaining: [98] })
      expect(await charge(later, 'first')).toEqual({ outcome: 'mismatch' })
      expect(await store.forgetChargeRequests(later + CHARGE_REQUEST_TTL_MS - 1, 9)).toBe(0)
      expect(await store.findChargeRequest('actor1', 'k', later)).not.toBeNull()
      expect(await store.forgetChargeRequests(later + CHARGE_REQUEST_TTL_MS, 9)).toBe(1)
      expect(await store.findChargeRequest('actor1', 'k', later)).toBeNull()
    })

    test('of 50 concurrent twins one is charged, and all get its answer', async () => {
      const { store, key } = await withKey(empty)
      const request = someRequest(key, [{ cost: 7 }], { idempotency: idempotencyOf('k') })
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.charge(request)))
      expect(outcomes.map((outcome) => 'remaining' in outcome && outcome.remaining)).toEqual(
        outcomes.map(() => [93]),
      )
      const anew = outcomes.filter((outcome) => 'isRepeated' in outcome && !outcome.isRepeated)
      expect(anew).toHaveLength(1)
    })

    test('a refusal is not recorded: the same request may succeed later', async () => {
      const { store, key } = await withKey(empty)
      const charge = (limit: number) =>
        store.charge(someRequest(key, [{ cost: 5, limit }], { idempotency: idempotencyOf('k') }))
      expect(await charge(4)).toEqual({ outcome: 'exhausted', index: 0 })
      expect(await store.findChargeRequest('actor1', 'k', NOW)).toBeNull()
      expect(await charge(5)).toMatchObject({ outcome: 'charged', isRepeated: false })
    })

    test('another caller may use the same key', async () => {
      const { store, key } = await withKey(empty)
      for (const actorId of ['actor1', 'actor2']) {
        const idempotency = { ...idempotencyOf('k'), actorId }
        const outcome = await store.charge(someRequest(key, [{ cost: 1 }], { idempotency }))
        expect(outcome).toMatchObject({ isRepeated: false })
      }
    })
  })
}
