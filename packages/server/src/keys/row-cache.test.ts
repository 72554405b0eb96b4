import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CachedKey, type CachedToken, MAX_ROW_AGE_MS, RowCache } from './row-cache.ts'

/** A row of this id; what else is in it does not matter to the cache. */
function row(id: string, ageMs = 0): CachedToken {
  return {
    kind: 'token',
    id,
    principal: { kind: 'token', id, name: id, permissions: [], projectId: null, expiresAt: null },
    revokedAt: null,
    secretVersion: 1,
    usedAt: 0,
    readAt: performance.now() - ageMs,
  }
}

function keyRow(id: string, projectId: string): CachedKey {
  const project = {
    ...{ id: projectId, enabled: true, revision: 1, defaultRateLimits: {}, defaultQuotas: {} },
    ...{ maxLifetimeSeconds: null, reservationExpiry: 'released' as const },
  }
  const ends = { revokedAt: null, notBefore: null, endsAt: null }
  const lists = { permissions: [], allowedModels: null, rates: [], quotas: [], policies: [] }
  return {
    ...{ kind: 'key', id, projectId, revision: 1, isEnabled: true, secretVersion: 1, project },
    ...ends,
    ...lists,
    allowsAddress: null,
    facts: '{}',
    usedAt: 0,
    readAt: performance.now(),
  }
}

test('a row is found until its age is reached, and no longer', () => {
  const cache = new RowCache()
  cache.add('young', row('a', MAX_ROW_AGE_MS - 500), cache.epoch)
  cache.add('old', row('b', MAX_ROW_AGE_MS), cache.epoch)
  expect(cache.get('young')?.id).toBe('a')
  expect(cache.get('old')).toBeUndefined()
  cache.add('old', row('b'), cache.epoch)
  expect(cache.get('old')?.id).toBe('b')
})

test('a change drops every row of its target, and no other', () => {
  const cache = new RowCache()
  for (const sha256 of ['a1', 'a2']) cache.add(sha256, row('a'), cache.epoch)
  cache.add('b1', row('b'), cache.epoch)
  cache.drop({ kind: 'key', id: 'a' })
  expect([cache.get('a1'), cache.get('a2')]).toEqual([undefined, undefined])
  expect(cache.get('b1')?.id).toBe('b')
  cache.drop({ kind: 'token', id: 'b' })
  expect(cache.get('b1')).toBeUndefined()
})

test('a row that was added twice is dropped by one change', () => {
  const cache = new RowCache()
  cache.add('a1', row('a'), cache.epoch)
  cache.add('a1', row('a'), cache.epoch)
  cache.drop({ kind: 'key', id: 'a' })
  expect(cache.get('a1')).toBeUndefined()
})

test('a change of a project drops all rows: they say whether it is enabled', () => {
  const cache = new RowCache()
  cache.add('a1', row('a'), cache.epoch)
  cache.add('b1', row('b'), cache.epoch)
  cache.drop({ kind: 'project', id: 'p' })
  expect([cache.get('a1'), cache.get('b1')]).toEqual([undefined, undefined])
})

test('a row that was read before a change is not added after it', () => {
  const cache = new RowCache()
  const { epoch } = cache
  cache.drop({ kind: 'key', id: 'a' })
  cache.add('a1', row('a'), epoch)
  expect(cache.get('a1')).toBeUndefined()
  cache.add('a1', row('a'), cache.epoch)
  expect(cache.get('a1')?.id).toBe('a')
})

test('a key of another project is as good as absent, and so is a token', () => {
  const cache = new RowCache()
  cache.add('token', row('t'), cache.epoch)
  cache.add('key', keyRow('k', 'project1'), cache.epoch)
  expect(cache.getKey('key', null)?.id).toBe('k')
  expect(cache.getKey('key', 'project1')?.id).toBe('k')
  expect(cache.getKey('key', 'project2')).toBeUndefined()
  expect(cache.getKey('token', null)).toBeUndefined()
})

test('it holds no more rows than it may, and those that were asked for last', () => {
  const cache = new RowCache(100)
  for (let index = 0; index < 1000; index += 1) {
    cache.add(`sha${index}`, row(`id${index}`), cache.epoch)
    cache.get('sha0')
  }
  const found = Array.from({ length: 1000 }, (_, index) => cache.get(`sha${index}`)).filter(Boolean)
  expect(found).toHaveLength(100)
  expect(cache.get('sha0')?.id).toBe('id0')
})

test('no order of adding, pushing out and dropping leaves a row that a change should have dropped', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const sha256 = fc.nat({ max: 9 }).map(String)
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), id, sha256 }),
    fc.record({ do: fc.constant('drop' as const), id, sha256 }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = new RowCache(4)
      const model = new Map<string, string>()
      for (const { do: action, id, sha256 } of steps) {
        // A secret belongs to one key: its digest is never found under another id.
        const own = `${id}${sha256}`
        if (action === 'add') {
          cache.add(own, row(id), cache.epoch)
          model.set(own, id)
          expect(cache.get(own)?.id).toBe(id)
        } else {
          cache.drop({ kind: 'key', id })
          for (const [known, owner] of model) if (owner === id) model.delete(known)
        }
        for (const known of ['a', 'b', 'c'].flatMap((each) =>
          [...Array(10).keys()].map((n) => `${each}${n}`),
        )) {
          if (!model.has(known)) expect(cache.get(known)).toBeUndefined()
        }
      }
    }),
    { numRuns: 200 },
  )
})
