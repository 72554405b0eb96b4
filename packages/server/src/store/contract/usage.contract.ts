import { MAX_USAGE_NAMES } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyStore } from '../key-store.ts'
import type { UsageCount, UsageResolution } from '../usage-store.ts'
import { addKey, addProject, withKey } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, someKey, someProject } from './_records.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 00:00 UTC of some day. */
const MIDNIGHT = Date.UTC(2027, 0, 15)
const MOST = Number.MAX_SAFE_INTEGER

export function usageContract(empty: Empty): void {
  const count = (keyId: string, overrides: Partial<UsageCount> = {}): UsageCount => ({
    keyId,
    hour: MIDNIGHT,
    kind: 'verdict',
    name: 'valid',
    amount: 1,
    ...overrides,
  })

  function read(
    store: KeyStore,
    keyId: string,
    resolution: UsageResolution = 'hour',
    overrides: { from?: number; to?: number; scope?: string | null } = {},
  ) {
    const whole = { from: MIDNIGHT - 400 * DAY, to: MIDNIGHT + 400 * DAY, scope: null }
    return store.readUsage({ keyId, resolution, ...whole, ...overrides })
  }

  describe('usage', () => {
    test('counts add up by key, hour, kind and name, also within one write', async () => {
      const { store, project, key } = await withKey(empty)
      const other = someKey(project)
      await addKey(store, other)
      await store.addUsage([
        count(key.id),
        count(key.id, { amount: 4 }),
        count(key.id, { hour: MIDNIGHT + HOUR }),
        count(key.id, { name: 'expired' }),
        count(key.id, { kind: 'charged', name: 'valid', amount: 9 }),
        count(other.id, { amount: 100 }),
      ])
      await store.addUsage([count(key.id, { amount: 2 })])
      expect(await read(store, key.id)).toEqual([
        { start: MIDNIGHT, kind: 'charged', name: 'valid', amount: 9 },
        { start: MIDNIGHT, kind: 'verdict', name: 'expired', amount: 1 },
        { start: MIDNIGHT, kind: 'verdict', name: 'valid', amount: 7 },
        { start: MIDNIGHT + HOUR, kind: 'verdict', name: 'valid', amount: 1 },
      ])
      expect(await read(store, other.id)).toMatchObject([{ amount: 100 }])
    })

    test('a range takes its start along and leaves its end out', async () => {
      const { store, key } = await withKey(empty)
      const hours = [-DAY, -HOUR, 0, HOUR, DAY - HOUR, DAY, 2 * DAY].map((at) => MIDNIGHT + at)
      await store.addUsage(hours.map((hour) => count(key.id, { hour })))
      const starts = async (resolution: UsageResolution, from: number, to: number) =>
        (await read(store, key.id, resolution, { from, to })).map((row) => row.start - MIDNIGHT)
      expect(await starts('hour', MIDNIGHT, MIDNIGHT + DAY)).toEqual([0, HOUR, DAY - HOUR])
      expect(await starts('day', MIDNIGHT, MIDNIGHT + DAY)).toEqual([0])
      expect(await starts('day', MIDNIGHT - DAY, MIDNIGHT + 2 * DAY)).toEqual([-DAY, 0, DAY])
      expect(await starts('hour', MIDNIGHT, MIDNIGHT)).toEqual([])
    })

    test('a sum stops at 2^53 - 1, in an hour, in the sum of hours, and in a day', async () => {
      const { store, key } = await withKey(empty)
      const most = count(key.id, { kind: 'charged', name: 'tokens', amount: MOST })
      const nearly = { ...most, hour: MIDNIGHT + DAY, amount: MOST - 1 }
      await store.addUsage([most, most, { ...most, hour: MIDNIGHT + HOUR }, nearly])
      await store.addUsage([{ ...nearly, amount: 1 }])
      const sums = [
        { start: MIDNIGHT, kind: 'charged', name: 'tokens', amount: MOST },
        { start: MIDNIGHT + DAY, kind: 'charged', name: 'tokens', amount: MOST },
      ]
      expect(await read(store, key.id)).toContainEqual(sums[0])
      expect(await read(store, key.id, 'day')).toEqual(sums)
      await store.rollUpUsage(MIDNIGHT + 2 * DAY, 100)
      expect(await read(store, key.id, 'day')).toEqual(sums)
      await store.addUsage([{ ...nearly, amount: 1 }])
      expect(await read(store, key.id, 'day')).toEqual(sums)
    })

    test('counts of keys that are gone are found by nobody, and the others of the write are kept', async () => {
      const { store, key } = await withKey(empty)
      const gone = generateId()
      await store.addUsage([count(gone), count(key.id), count(gone, { name: 'revoked' })])
      expect(await read(store, key.id)).toHaveLength(1)
      expect(await read(store, gone)).toEqual([])
    })

    test('another project, a deleted one, and an unknown key have no usage', async () => {
      const { store, project, key } = await withKey(empty)
      await store.addUsage([count(key.id)])
      expect(await read(store, key.id, 'hour', { scope: project.id })).toHaveLength(1)
      for (const resolution of ['hour', 'day'] as const) {
        expect(await read(store, key.id, resolution, { scope: generateId() })).toEqual([])
        expect(await read(store, generateId(), resolution)).toEqual([])
      }
      const at = MIDNIGHT + 1e12
      await store.revokeKey(
        {
          keyId: key.id,
          projectId: project.id,
          at: 1,
          by: 'actor1',
          reason: null,
          overrideProtection: false,
          updatedAt: at,
        },
        changeOf({ kind: 'key', id: key.id }),
      )
      const deletion = changeOf({ kind: 'project', id: project.id })
      expect(await store.deleteProject(project, at, deletion)).toBe('ok')
      expect(await read(store, key.id)).toEqual([])
      expect(await read(store, key.id, 'day')).toEqual([])
    })

    test(`of a key and hour ${MAX_USAGE_NAMES} charged names are kept; those and the verdicts go on counting`, async () => {
      const { store, project, key } = await withKey(empty)
      const other = someKey(project)
      await addKey(store, other)
      const names = Array.from({ length: MAX_USAGE_NAMES + 5 }, (_, index) => `n${index}`)
      const charged = (name: string, keyId = key.id, hour = MIDNIGHT) =>
        count(keyId, { kind: 'charged', name, hour })
      await store.addUsage(names.map((name) => charged(name)))
      await store.addUsage([charged('late'), charged('n0'), count(key.id), charged('n0', other.id)])
      await store.addUsage([charged('late', key.id, MIDNIGHT + HOUR)])
      const rows = await read(store, key.id)
      const ofHour = rows.filter((row) => row.kind === 'charged' && row.start === MIDNIGHT)
      expect(ofHour.map((row) => row.name).toSorted()).toEqual(
        names.slice(0, MAX_USAGE_NAMES).toSorted(),
      )
      expect(ofHour.find((row) => row.name === 'n0')?.amount).toBe(2)
      expect(rows).toContainEqual({ start: MIDNIGHT, kind: 'verdict', name: 'valid', amount: 1 })
      expect(rows).toContainEqual({
        start: MIDNIGHT + HOUR,
        kind: 'charged',
        name: 'late',
        amount: 1,
      })
      expect(await read(store, other.id)).toHaveLength(1)
    })

    test('rolling up takes the oldest hours first, so many rows and no more, and says how many', async () => {
      const { store, key } = await withKey(empty)
      const hours = [3, 1, 2, 0].map((hour) => MIDNIGHT + hour * HOUR)
      await store.addUsage(hours.map((hour) => count(key.id, { hour })))
      const left = async () =>
        (await read(store, key.id)).map((row) => (row.start - MIDNIGHT) / HOUR)
      expect(await store.rollUpUsage(MIDNIGHT, 10)).toBe(0)
      expect(await store.rollUpUsage(MIDNIGHT + 3 * HOUR, 2)).toBe(2)
      expect(await left()).toEqual([2, 3])
      expect(await store.rollUpUsage(MIDNIGHT + 3 * HOUR, 2)).toBe(1)
      expect(await left()).toEqual([3])
      expect(await store.rollUpUsage(MIDNIGHT + 3 * HOUR, 2)).toBe(0)
      expect(await read(store, key.id, 'day')).toMatchObject([{ start: MIDNIGHT, amount: 4 }])
    })

    test('what comes late for a day that was rolled up is added to it, and rolled up next', async () => {
      const { store, key } = await withKey(empty)
      await store.addUsage([count(key.id)])
      await store.rollUpUsage(MIDNIGHT + DAY, 10)
      await store.addUsage([count(key.id, { amount: 5 })])
      expect(await read(store, key.id, 'day')).toMatchObject([{ amount: 6 }])
      expect(await store.rollUpUsage(MIDNIGHT + DAY, 10)).toBe(1)
      expect(await read(store, key.id, 'hour')).toEqual([])
      expect(await read(store, key.id, 'day')).toMatchObject([{ amount: 6 }])
    })

    test('no order of counting and rolling up changes a sum of a day', async () => {
      const store = await empty()
      const project = someProject()
      await addProject(store, project)
      const amount = fc.oneof(fc.nat(1000), fc.constantFrom(1, MOST - 1, MOST))
      const added = fc.record({
        hour: fc.nat(71).map((hour) => MIDNIGHT + hour * HOUR),
        kind: fc.constantFrom('charged' as const, 'verdict' as const),
        name: fc.constantFrom('valid', 'tokens', 'constructor'),
        amount,
      })
      const steps = fc.array(
        fc.oneof(
          fc.array(added, { maxLength: 12 }).map((counts) => ({ counts })),
          fc.record({
            before: fc.nat(80).map((hour) => MIDNIGHT + hour * HOUR),
            limit: fc.integer({ min: 1, max: 20 }),
          }),
        ),
        { maxLength: 12 },
      )
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          const key = someKey(project)
          await addKey(store, key)
          const expected = new Map<string, number>()
          for (const step of steps) {
            if ('before' in step) {
              await store.rollUpUsage(step.before, step.limit)
              continue
            }
            await store.addUsage(step.counts.map((counts) => ({ keyId: key.id, ...counts })))
            for (const { hour, kind, name, amount } of step.counts) {
              const row = `${hour - (hour % DAY)} ${kind} ${name}`
              expected.set(row, Math.min((expected.get(row) ?? 0) + amount, MOST))
            }
          }
          const days = await read(store, key.id, 'day')
          expect(
            new Map(
              days.map(({ start, kind, name, amount }) => [`${start} ${kind} ${name}`, amount]),
            ),
          ).toEqual(expected)
          expect(days).toHaveLength(expected.size)
        }),
        { numRuns: 60 },
      )
    })
  })
}
