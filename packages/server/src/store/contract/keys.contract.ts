import { describe, expect, test } from 'vitest'
import { type Key, keyStatus } from '../../keys/key.ts'
import {
  addKey,
  addProject,
  keyWrites,
  replace,
  revoke,
  versions,
  withKey,
  withProject,
} from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, fullKey, keyFilter, NOW, secretFacts, someKey, someProject } from './_records.ts'

export function keysContract(empty: Empty): void {
  describe('keys', () => {
    test('a key comes back whole, with every attribute and with none', async () => {
      const { store, project } = await withProject(empty)
      for (const key of [fullKey(project), someKey(project)]) {
        expect(await addKey(store, key)).toBe('ok')
        expect(await store.getKey(key.id, null)).toEqual(key)
      }
      const noModels = someKey(project, { allowedModels: [], ipAllowlist: [] })
      await addKey(store, noModels)
      expect(await store.getKey(noModels.id, null)).toEqual(noModels)
    })

    test('an id is taken for ever, in every project', async () => {
      const { store, project, key } = await withKey(empty)
      const other = someProject()
      await addProject(store, other)
      await revoke(store, key, NOW)
      expect(await addKey(store, someKey(project, { id: key.id }))).toBe('id_taken')
      expect(await addKey(store, someKey(other, { id: key.id }))).toBe('id_taken')
      expect((await store.getKey(key.id, null))?.projectId).toBe(project.id)
    })

    test('outside its scope a key is absent, for reading and for writing', async () => {
      const { store, project, key } = await withKey(empty)
      const foreign = someProject()
      await addProject(store, foreign)
      expect(await store.getKey(key.id, project.id)).toEqual(key)
      expect(await store.getKey(key.id, foreign.id)).toBeNull()
      expect(await store.listKeys(keyFilter({ scope: foreign.id }))).toEqual([])
      const writes = keyWrites({ ...key, projectId: foreign.id })
      for (const [name, write] of Object.entries(writes)) {
        expect([name, await write(store, changeOf({ kind: 'key', id: key.id }))]).toEqual([
          name,
          'conflict',
        ])
      }
      expect(await store.getKey(key.id, null)).toEqual(key)
    })

    test('an update writes the attributes and nothing of the state or the secrets', async () => {
      const { store, project, key } = await withKey(empty)
      const full = { ...fullKey(project), id: key.id, updatedAt: NOW + 1 }
      const change = changeOf({ kind: 'key', id: key.id }, { action: 'key.updated' })
      const smuggled: Key = {
        ...full,
        enabled: false,
        revoked: { at: NOW, by: 'x', reason: null },
        environment: 'test',
        createdBy: 'somebody else',
        secrets: [secretFacts({ lastUsedAt: 1 })],
      }
      expect(await store.updateKey(smuggled, 1, change)).toBe('ok')
      const { enabled, revoked, environment, createdAt, createdBy, secrets } = key
      expect(await store.getKey(key.id, null)).toEqual({
        ...full,
        enabled,
        revoked,
        environment,
        createdAt,
        createdBy,
        secrets,
        revision: 2,
      })
      expect(await store.updateKey(smuggled, 1, change)).toBe('conflict')
    })

    test('disabling and enabling happen once each, and not on a revoked key', async () => {
      const { store, key } = await withKey(empty)
      const change = changeOf({ kind: 'key', id: key.id }, { action: 'key.disabled' })
      const set = (enabled: boolean, updatedAt: number) =>
        store.setKeyEnabled({ ...key, enabled, updatedAt }, change)
      expect(await set(false, NOW + 1)).toBe('ok')
      expect(await set(false, NOW + 2)).toBe('conflict')
      expect(await store.getKey(key.id, null)).toMatchObject({
        enabled: false,
        updatedAt: NOW + 1,
        revision: 2,
      })
      expect(await set(true, NOW + 3)).toBe('ok')
      await revoke(store, key, NOW + 4)
      expect(await set(false, NOW + 4)).toBe('conflict')
    })

    test('a replacement puts the new secret first, keeps what it was told to, and removes the rest', async () => {
      const { store, key } = await withKey(empty)
      const [first, second, third] = [1, 2, 3].map((step) => NOW + step)
      expect(await replace(store, key, { from: NOW, to: first!, keep: [[NOW, NOW + 60]] })).toBe(
        'ok',
      )
      expect(await versions(store, key)).toEqual([
        [first, null],
        [NOW, NOW + 60],
      ])
      expect(
        await replace(store, key, { from: first!, to: second!, keep: [[NOW, NOW + 60]] }),
      ).toBe('ok')
      expect(await versions(store, key)).toEqual([
        [second, null],
        [NOW, NOW + 60],
      ])
      expect(await replace(store, key, { from: second!, to: third!, keep: [] })).toBe('ok')
      expect(await versions(store, key)).toEqual([[third, null]])
    })

    test('of concurrent replacements of one version exactly one wins', async () => {
      const { store, key } = await withKey(empty)
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          replace(store, key, { from: NOW, to: NOW + 1 + index, keep: [] }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(19)
      expect(await versions(store, key)).toHaveLength(1)
    })

    test('the end of the older secret moves; without such a secret it is a conflict', async () => {
      const { store, key } = await withKey(empty)
      await replace(store, key, { from: NOW, to: NOW + 1, keep: [[NOW, NOW + 60]] })
      const change = changeOf({ kind: 'key', id: key.id }, { action: 'key.overlap_set' })
      const end = { keyId: key.id, projectId: key.projectId, updatedAt: NOW + 2 }
      expect(await store.setSecretEnd({ ...end, version: NOW, endsAt: NOW + 5 }, change)).toBe('ok')
      expect((await versions(store, key))[1]).toEqual([NOW, NOW + 5])
      const before = await store.getKey(key.id, null)
      expect(await store.setSecretEnd({ ...end, version: 17, endsAt: 1 }, change)).toBe('conflict')
      expect(await store.getKey(key.id, null)).toEqual(before)
    })

    test('a revocation can only come nearer, and a revoked key cannot be changed', async () => {
      const { store, key } = await withKey(empty)
      expect(await revoke(store, key, NOW + 100, 'later')).toBe('ok')
      expect(await revoke(store, key, NOW + 100)).toBe('conflict')
      expect(await revoke(store, key, NOW + 200)).toBe('conflict')
      expect(await revoke(store, key, NOW, 'now')).toBe('ok')
      const revoked = await store.getKey(key.id, null)
      expect(revoked?.revoked).toEqual({ at: NOW, by: 'actor1', reason: 'now' })
      for (const [name, write] of Object.entries(keyWrites(key, revoked?.revision))) {
        if (name === 'setSecretEnd') continue
        const outcome = await write(store, changeOf({ kind: 'key', id: key.id }))
        expect([name, outcome]).toEqual([name, 'conflict'])
      }
      expect(await store.getKey(key.id, null)).toEqual(revoked)
    })

    test('a protected key is revoked only with the override', async () => {
      const { store, project } = await withProject(empty)
      const key = someKey(project, { deletionProtection: true })
      await addKey(store, key)
      expect(await revoke(store, key, NOW)).toBe('conflict')
      expect((await store.getKey(key.id, null))?.revoked).toBeNull()
      expect(await revoke(store, key, NOW, null, true)).toBe('ok')
    })

    test('a rotation is due when its time has come, until it is done or the key is revoked', async () => {
      const { store, project } = await withProject(empty)
      const rotation = { everySeconds: 3600, overlapSeconds: 0 }
      const keys = [0, 1, 2].map(() => someKey(project, { rotation }))
      for (const key of keys) await addKey(store, key)
      await addKey(store, someKey(project, { rotation: { ...rotation, everySeconds: null } }))
      const due = NOW + 3_600_000
      const other = someProject()
      expect(await store.countRotationsDue(null, due - 1)).toBe(0)
      expect(await store.countRotationsDue(null, due)).toBe(3)
      expect(await store.countRotationsDue(project.id, due)).toBe(3)
      expect(await store.countRotationsDue(other.id, due)).toBe(0)
      await replace(store, keys[0]!, { from: NOW, to: NOW + 1000, keep: [] })
      await revoke(store, keys[1]!, due)
      expect(await store.countRotationsDue(null, due)).toBe(1)
      expect(await store.countRotationsDue(null, due + 1000)).toBe(2)
    })

    test('every filter of a list selects', async () => {
      const { store, project } = await withProject(empty)
      const match = someKey(project, {
        name: 'a',
        owner: 'o',
        environment: 'test',
        managedBy: 'terraform',
      })
      await addKey(store, match)
      await addKey(store, someKey(project))
      const filters = [
        { name: 'a' },
        { owner: 'o' },
        { environment: 'test' as const },
        { managedBy: 'terraform' },
      ]
      for (const filter of filters) {
        expect(await store.listKeys(keyFilter(filter))).toEqual([match])
        expect(await store.listKeys(keyFilter({ ...filter, scope: project.id }))).toEqual([match])
      }
      expect(await store.listKeys(keyFilter({ name: 'A' }))).toEqual([])
    })

    test('the status filter agrees with keyStatus for every combination and boundary', async () => {
      const { store, project } = await withProject(empty)
      const times = [null, NOW - 1, NOW, NOW + 1]
      const cases = times.flatMap((revokedAt) =>
        times.flatMap((notBefore) =>
          times.flatMap((expiresAt) =>
            [true, false].map((enabled) => ({ revokedAt, notBefore, expiresAt, enabled })),
          ),
        ),
      )
      await Promise.all(
        cases.map(async ({ revokedAt, ...attributes }) => {
          const key = someKey(project, attributes)
          await addKey(store, key)
          if (revokedAt !== null) await revoke(store, key, revokedAt)
        }),
      )
      const all = await store.listKeys(keyFilter())
      expect(all).toHaveLength(cases.length)
      for (const status of ['active', 'disabled', 'expired', 'revoked', 'not_yet_valid'] as const) {
        const expected = all.filter((key) => keyStatus(key, NOW) === status)
        expect(expected.length).toBeGreaterThan(0)
        expect(await store.listKeys(keyFilter({ status }))).toEqual(expected)
        expect(await store.listKeys(keyFilter({ status, scope: project.id }))).toEqual(expected)
      }
    })
  })
}
