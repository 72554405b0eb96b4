import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { effectiveKey } from '../../keys/effective.ts'
import { keyStatus } from '../../keys/key.ts'
import type { Policy } from '../../policies/policy.ts'
import {
  addImportedKey,
  addKey,
  addPolicy,
  addProject,
  deletePolicy,
  newestFirst,
  revoke,
  walk,
  withPolicy,
  withProject,
} from './_actions.ts'
import type { Empty } from './_opened.ts'
import {
  changeOf,
  FULL_POLICY,
  keyFilter,
  NOW,
  someImportedSecret,
  someKey,
  somePolicy,
  someProject,
} from './_records.ts'

const all = { scope: null, name: null, limit: 1000, cursor: null }
const changeTo = (policy: Policy) =>
  changeOf({ kind: 'policy', id: policy.id }, { action: 'policy.updated' })

export function policiesContract(empty: Empty): void {
  describe('policies', () => {
    test('a policy comes back whole, with every setting and with none', async () => {
      const { store, project } = await withProject(empty)
      for (const policy of [somePolicy(project, FULL_POLICY), somePolicy(project)]) {
        expect(await addPolicy(store, policy)).toBe('ok')
        expect(await store.getPolicy(policy.id, null)).toEqual(policy)
        expect(await store.findPolicies([policy.id])).toEqual([policy])
      }
      const noModels = somePolicy(project, { allowedModels: [] })
      await addPolicy(store, noModels)
      expect(await store.getPolicy(noModels.id, null)).toEqual(noModels)
      expect(await store.findPolicies([])).toEqual([])
      expect(await store.getPolicy(generateId(), null)).toBeNull()
    })

    test('outside its scope a policy is absent, for reading and for writing', async () => {
      const { store, project, policy } = await withPolicy(empty)
      const foreign = someProject()
      await addProject(store, foreign)
      expect(await store.getPolicy(policy.id, project.id)).toEqual(policy)
      expect(await store.getPolicy(policy.id, foreign.id)).toBeNull()
      expect(await store.listPolicies({ ...all, scope: foreign.id })).toEqual([])
      const moved = { ...policy, projectId: foreign.id }
      expect(await store.updatePolicy(moved, 1, changeTo(policy))).toBe('conflict')
      const free = somePolicy(project)
      await addPolicy(store, free)
      expect(await deletePolicy(store, { ...free, projectId: foreign.id })).toBe('conflict')
      expect(await store.getPolicy(free.id, null)).toEqual(free)
    })

    test('a policy of a deleted project is absent, and a new one cannot be made', async () => {
      const { store, project } = await withProject(empty)
      const policy = somePolicy(project)
      await addPolicy(store, policy)
      const change = changeOf({ kind: 'project', id: project.id }, { action: 'project.deleted' })
      expect(await store.deleteProject(project, NOW, change)).toBe('ok')
      expect(await store.getPolicy(policy.id, null)).toBeNull()
      expect(await store.listPolicies(all)).toEqual([])
      expect(await addPolicy(store, somePolicy(project))).toBe('conflict')
    })

    test('a name is taken within its project, while its policy lives', async () => {
      const { store, project } = await withProject(empty)
      const other = someProject()
      await addProject(store, other)
      const policy = somePolicy(project, { name: 'developer' })
      await addPolicy(store, policy)
      expect(await addPolicy(store, somePolicy(project, { name: 'developer' }))).toBe('name_taken')
      expect(await addPolicy(store, somePolicy(other, { name: 'developer' }))).toBe('ok')
      const second = somePolicy(project)
      await addPolicy(store, second)
      const renamed = { ...second, name: 'developer' }
      expect(await store.updatePolicy(renamed, 1, changeTo(second))).toBe('name_taken')
      expect(await store.updatePolicy(policy, 1, changeTo(policy))).toBe('ok')
      expect(await deletePolicy(store, policy)).toBe('ok')
      expect(await store.updatePolicy(renamed, 1, changeTo(second))).toBe('ok')
      expect(await store.listPolicies({ ...all, name: 'developer', scope: project.id })).toEqual([
        { ...renamed, revision: 2 },
      ])
    })

    test('an update writes every setting and raises the revision; a stale one is a conflict', async () => {
      const { store, policy } = await withPolicy(empty)
      const next = { ...policy, ...FULL_POLICY, updatedAt: NOW + 5 }
      const smuggled = { ...next, createdAt: 1, createdBy: 'somebody else' }
      expect(await store.updatePolicy(smuggled, 1, changeTo(policy))).toBe('ok')
      expect(await store.getPolicy(policy.id, null)).toEqual({ ...next, revision: 2 })
      expect(await store.updatePolicy(policy, 1, changeTo(policy))).toBe('conflict')
    })

    test('a policy is in use until no key has it that is not revoked', async () => {
      const { store, project, policy, key } = await withPolicy(empty)
      const second = someKey(project, { policyIds: [policy.id] })
      await addKey(store, second)
      const imported = someKey(project, { policyIds: [policy.id] })
      await addImportedKey(store, imported, someImportedSecret())
      const count = async (now = NOW) =>
        (await store.countPolicyKeys([policy.id, generateId()], now)).get(policy.id)
      expect(await count()).toBe(3)
      const detached = { ...second, policyIds: [] }
      const change = changeOf({ kind: 'key', id: second.id }, { action: 'key.updated' })
      expect(await store.updateKey(detached, 1, change)).toBe('ok')
      await revoke(store, imported, NOW)
      expect(await count()).toBe(1)
      await revoke(store, key, NOW + 10)
      expect(await count(NOW + 9)).toBe(1)
      expect(await deletePolicy(store, policy, NOW + 9)).toBe('in_use')
      expect(await count(NOW + 10)).toBeUndefined()
      expect(await deletePolicy(store, policy, NOW + 10)).toBe('ok')
      expect(await deletePolicy(store, policy, NOW + 10)).toBe('conflict')
      expect(await store.getPolicy(policy.id, null)).toBeNull()
      expect(await store.listPolicies(all)).toEqual([])
      expect(await store.updatePolicy(policy, 2, changeTo(policy))).toBe('conflict')
    })

    test('a revoked key keeps what it had, though the policy is deleted', async () => {
      const { store, policy, key } = await withPolicy(empty)
      await revoke(store, key, NOW)
      await deletePolicy(store, policy)
      expect((await store.getKey(key.id, null))?.policyIds).toEqual([policy.id])
      expect(await store.findPolicies([policy.id])).toMatchObject([{ id: policy.id }])
      expect((await store.findForVerification(key.id))?.policies).toMatchObject(
        [policy].map(({ id }) => ({ id })),
      )
    })

    test('a key gets no policy that is absent, deleted or of another project', async () => {
      const { store, project, policy } = await withPolicy(empty)
      const other = someProject()
      await addProject(store, other)
      const [foreign, deleted] = [somePolicy(other), somePolicy(project)]
      await addPolicy(store, foreign)
      await addPolicy(store, deleted)
      await deletePolicy(store, deleted)
      const plain = someKey(project)
      await addKey(store, plain)
      for (const id of [foreign.id, deleted.id, generateId()]) {
        const policyIds = [policy.id, id]
        expect(await addKey(store, someKey(project, { policyIds }))).toBe('conflict')
        const imported = someKey(project, { policyIds })
        expect(await addImportedKey(store, imported, someImportedSecret())).toBe('conflict')
        const change = changeOf({ kind: 'key', id: plain.id }, { action: 'key.updated' })
        expect(await store.updateKey({ ...plain, policyIds }, 1, change)).toBe('conflict')
      }
      expect(await store.listKeys(keyFilter())).toHaveLength(2)
      expect((await store.countPolicyKeys([policy.id], NOW)).get(policy.id)).toBe(1)
    })

    test('the row of a verification brings the policies of the key as they are', async () => {
      const { store, project, policy } = await withPolicy(empty)
      const second = somePolicy(project, FULL_POLICY)
      await addPolicy(store, second)
      const key = someKey(project, { policyIds: [second.id, policy.id] })
      await addKey(store, key)
      const row = await store.findForVerification(key.id)
      expect(row?.key.policyIds).toEqual([second.id, policy.id])
      expect(row?.policies.toSorted(byId)).toEqual([policy, second].toSorted(byId))
      const stricter = { ...policy, allowedModels: [], updatedAt: NOW + 1 }
      await store.updatePolicy(stricter, 1, changeTo(policy))
      const after = await store.findForVerification(key.id)
      expect(after?.policies).toContainEqual({ ...stricter, revision: 2 })
      const plain = someKey(project)
      await addKey(store, plain)
      expect((await store.findForVerification(plain.id))?.policies).toEqual([])
    })

    test('the keys of a policy come with their rights, no more than asked for, without revoked ones', async () => {
      const { store, project, policy, key } = await withPolicy(empty)
      const permissions = ['jobs:write']
      const rich = someKey(project, { permissions, policyIds: [policy.id] })
      await addKey(store, rich)
      await addKey(store, someKey(project, { permissions: ['other'] }))
      const list = await store.listPolicyKeys(policy.id, NOW, 10)
      expect(list).toHaveLength(2)
      expect(list).toContainEqual({ permissions, policyIds: [policy.id] })
      expect(await store.listPolicyKeys(policy.id, NOW, 1)).toHaveLength(1)
      await revoke(store, key, NOW)
      expect(await store.listPolicyKeys(policy.id, NOW, 10)).toEqual([
        { permissions, policyIds: [policy.id] },
      ])
    })

    test('policies are paged, newest first', async () => {
      const { store, project } = await withProject(empty)
      const policies = Array.from({ length: 11 }, (_, age) =>
        somePolicy(project, { createdAt: NOW - Math.floor(age / 3) }),
      )
      await Promise.all(policies.map((policy) => addPolicy(store, policy)))
      for (const scope of [null, project.id]) {
        const walked = await walk(3, (page) => store.listPolicies({ scope, name: null, ...page }))
        expect(walked).toEqual(policies.toSorted(newestFirst))
      }
    })

    test('the status filter agrees with keyStatus where a longest lifetime ends the key', async () => {
      const store = await empty()
      const lifetimes = [null, 59, 60, 61]
      const age = 60_000
      for (const ofProject of lifetimes) {
        const project = someProject({ maxLifetimeSeconds: ofProject })
        await addProject(store, project)
        for (const ofPolicies of lifetimes.flatMap((a) => lifetimes.map((b) => [a, b]))) {
          const policies = ofPolicies.map((maxLifetimeSeconds) =>
            somePolicy(project, { maxLifetimeSeconds }),
          )
          for (const policy of policies) await addPolicy(store, policy)
          const policyIds = policies.map(({ id }) => id)
          for (const expiresAt of [null, NOW, NOW + 1]) {
            const key = someKey(project, { policyIds, expiresAt, createdAt: NOW - age })
            await addKey(store, key)
          }
        }
      }
      const keys = await store.listKeys(keyFilter())
      expect(keys).toHaveLength(4 * 16 * 3)
      const statuses = await Promise.all(
        keys.map(async (key) => {
          const row = await store.findForVerification(key.id)
          if (!row) throw new Error('a key is missing')
          const { expiresAt } = effectiveKey(key, row.policies, row.project)
          return keyStatus({ ...key, expiresAt }, NOW)
        }),
      )
      for (const status of ['active', 'expired'] as const) {
        const expected = keys.filter((_, index) => statuses[index] === status)
        expect(expected.length).toBeGreaterThan(10)
        expect(await store.listKeys(keyFilter({ status }))).toEqual(expected)
        const { projectId } = expected[0]!
        expect(await store.listKeys(keyFilter({ status, scope: projectId }))).toEqual(
          expected.filter((key) => key.projectId === projectId),
        )
      }
    })

    test('a key that a longest lifetime ended does not hold its project', async () => {
      const store = await empty()
      const project = someProject({ maxLifetimeSeconds: 60 })
      await addProject(store, project)
      await addKey(store, someKey(project))
      const change = changeOf({ kind: 'project', id: project.id }, { action: 'project.deleted' })
      expect(await store.deleteProject(project, NOW + 59_999, change)).toBe('in_use')
      expect(await store.deleteProject(project, NOW + 60_000, change)).toBe('ok')
    })
  })
}

const byId = (a: Policy, b: Policy) => (a.id < b.id ? -1 : 1)
