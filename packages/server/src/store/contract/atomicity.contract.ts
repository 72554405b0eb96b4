import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { checkChain } from '../../audit/chain.ts'
import { type Change, IDEMPOTENCY_TTL_MS } from '../key-store.ts'
import {
  addKey,
  addPolicy,
  addToken,
  bindAll,
  everything,
  keyWrites,
  revoke,
  withKey,
  withProject,
  withRecords,
} from './_actions.ts'
import type { Empty } from './_opened.ts'
import {
  changeOf,
  keyFilter,
  NOW,
  someIdempotency,
  someImportedSecret,
  someKey,
  somePolicy,
  someProject,
  someSecret,
  someToken,
} from './_records.ts'

export function atomicityContract(empty: Empty): void {
  describe('one change is all or nothing', () => {
    test('a refused write leaves neither record nor audit entry nor idempotency record', async () => {
      const { store, project, policy, key, token } = await withRecords(empty)
      const absent = { policyIds: [generateId()] }
      const before = await everything(store)
      const refused: Record<string, (change: Change) => Promise<string>> = {
        insertProject: (change) => store.insertProject(someProject({ name: project.name }), change),
        updateProject: (change) => store.updateProject({ ...project, name: 'x' }, 99, change),
        deleteProject: (change) => store.deleteProject(project, NOW, change),
        insertKey: (change) =>
          store.insertKey(someKey(project, { id: key.id }), someSecret(), change),
        insertKeyWithoutProject: (change) =>
          store.insertKey(someKey(someProject()), someSecret(), change),
        insertImportedKeyWithoutProject: (change) =>
          store.insertImportedKey(someKey(someProject()), someImportedSecret(), change),
        insertKeyWithoutPolicy: (change) =>
          store.insertKey(someKey(project, absent), someSecret(), change),
        insertImportedKeyWithoutPolicy: (change) =>
          store.insertImportedKey(someKey(project, absent), someImportedSecret(), change),
        updateKeyWithoutPolicy: (change) => store.updateKey({ ...key, ...absent }, 1, change),
        insertPolicy: (change) =>
          store.insertPolicy(somePolicy(project, { name: policy.name }), change),
        insertPolicyWithoutProject: (change) =>
          store.insertPolicy(somePolicy(someProject()), change),
        updatePolicy: (change) => store.updatePolicy({ ...policy, name: 'x' }, 99, change),
        deletePolicy: (change) => store.deletePolicy(policy, NOW, change),
        deletePolicyThatIsGone: (change) => store.deletePolicy(somePolicy(project), NOW, change),
        insertToken: (change) =>
          store.insertToken(someToken({ id: token.id }), someSecret(), change),
        revokeToken: (change) =>
          store.revokeToken({ id: generateId(), scope: null, at: NOW }, change),
        ...bindAll(store, keyWrites({ ...key, id: generateId() })),
      }
      for (const [name, write] of Object.entries(refused)) {
        const idempotency = someIdempotency({ key: name })
        const outcome = await write(changeOf({ kind: 'key', id: key.id }, { idempotency }))
        expect([name, outcome]).not.toEqual([name, 'ok'])
        expect([name, await store.findIdempotency('actor1', name, NOW)]).toEqual([name, null])
        expect(await everything(store)).toEqual(before)
      }
    })

    test('a repetition with the same idempotency key leaves nothing, in every method', async () => {
      const { store, project, policy, key, token } = await withRecords(empty)
      const unused = somePolicy(project)
      await addPolicy(store, unused)
      const idempotency = someIdempotency()
      const first = changeOf({ kind: 'project', id: 'x' }, { idempotency })
      const free = someProject()
      expect(await store.insertProject(free, first)).toBe('ok')
      const before = await everything(store)
      const writes: Record<string, (change: Change) => Promise<string>> = {
        insertProject: (change) => store.insertProject(someProject(), change),
        updateProject: (change) => store.updateProject({ ...project, name: 'x' }, 1, change),
        deleteProject: (change) => store.deleteProject(free, NOW, change),
        insertKey: (change) => store.insertKey(someKey(project), someSecret(), change),
        insertImportedKey: (change) =>
          store.insertImportedKey(someKey(project), someImportedSecret(), change),
        insertKeyWithPolicy: (change) =>
          store.insertKey(someKey(project, { policyIds: [policy.id] }), someSecret(), change),
        detachPolicy: (change) => store.updateKey({ ...key, policyIds: [] }, 1, change),
        insertPolicy: (change) => store.insertPolicy(somePolicy(project), change),
        updatePolicy: (change) => store.updatePolicy({ ...policy, name: 'x' }, 1, change),
        deletePolicy: (change) => store.deletePolicy(unused, NOW, change),
        insertToken: (change) => store.insertToken(someToken(), someSecret(), change),
        revokeToken: (change) => store.revokeToken({ id: token.id, scope: null, at: NOW }, change),
        ...bindAll(store, keyWrites(key)),
      }
      for (const [name, write] of Object.entries(writes)) {
        const change = changeOf({ kind: 'key', id: key.id }, { idempotency })
        expect([name, await write(change)]).toEqual([name, 'repeated'])
        expect(await everything(store)).toEqual(before)
      }
    })

    test('an idempotency record comes back whole to its actor, for 24 hours', async () => {
      const store = await empty()
      const record = someIdempotency({ secretVersion: NOW, targetId: generateId() })
      const write = (createdAt: number) =>
        store.insertProject(
          someProject(),
          changeOf({ kind: 'project', id: 'x' }, { idempotency: { ...record, createdAt } }),
        )
      expect(await write(NOW)).toBe('ok')
      const find = (actorId: string, now: number) => store.findIdempotency(actorId, record.key, now)
      expect(await find('actor1', NOW)).toEqual(record)
      expect(await find('actor2', NOW)).toBeNull()
      expect(await find('actor1', NOW + IDEMPOTENCY_TTL_MS - 1)).toEqual(record)
      expect(await find('actor1', NOW + IDEMPOTENCY_TTL_MS)).toBeNull()
      expect(await write(NOW + IDEMPOTENCY_TTL_MS - 1)).toBe('repeated')
      expect(await write(NOW + IDEMPOTENCY_TTL_MS)).toBe('ok')
    })

    test('listeners are told of a change before its promise settles, and of nothing else', async () => {
      const { store, key } = await withKey(empty)
      const log: string[] = []
      const seen: Promise<unknown>[] = []
      store.watchChanges((target) => {
        log.push(`told ${target.kind} ${target.id}`)
        seen.push(store.getKey(key.id, null).then((found) => found?.revoked))
      })
      await revoke(store, key, NOW).then((outcome) => log.push(outcome))
      await revoke(store, key, NOW).then((outcome) => log.push(outcome))
      await store.recordUses([{ kind: 'key', id: key.id, version: NOW, usedAt: NOW }])
      expect(log).toEqual([`told key ${key.id}`, 'ok', 'conflict'])
      expect(await Promise.all(seen)).toEqual([{ at: NOW, by: 'actor1', reason: null }])
    })

    test('500 concurrent writes all commit, and the audit log has no gap', async () => {
      const { store, project } = await withProject(empty)
      const keys = Array.from({ length: 250 }, () => someKey(project))
      const outcomes = await Promise.all([
        ...keys.map((key) => addKey(store, key)),
        ...Array.from({ length: 250 }, () => addToken(store, someToken())),
      ])
      expect(new Set(outcomes)).toEqual(new Set(['ok']))
      expect(await store.listKeys(keyFilter())).toHaveLength(250)
      expect(await store.listTokens({ scope: null, limit: 999, cursor: null })).toHaveLength(250)
      const check = await checkChain(
        (afterSeq) => store.readAuditChain(afterSeq, 97),
        await store.auditHead(),
      )
      expect(check).toEqual({ ok: true, events: 501 })
    })
  })
}
