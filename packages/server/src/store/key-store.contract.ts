import { generateId } from '@keysmith/key-format'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkChain } from '../audit/chain.ts'
import { type Key, keyStatus, type Project, type StoredSecret } from '../keys/key.ts'
import type { Token } from '../tokens/token.ts'
import {
  changeOf,
  fullKey,
  keyFilter,
  NOW,
  secretFacts,
  someIdempotency,
  someKey,
  someProject,
  someSecret,
  someToken,
} from './_records.ts'
import {
  type Change,
  IDEMPOTENCY_TTL_MS,
  type KeyStore,
  type PageRequest,
  StorageUnavailable,
} from './key-store.ts'

export interface OpenedForContract {
  store: KeyStore
  /** Another store on the same data, once the first is closed. */
  reopen: () => Promise<KeyStore>
  cleanUp: () => Promise<void>
}

/**
 * What every adapter of `KeyStore` promises. `open` gives an empty storage of its own to each test.
 */
export function keyStoreContract({ open }: { open: () => Promise<OpenedForContract> }): void {
  const empty = async (): Promise<KeyStore> => {
    const { store, cleanUp } = await open()
    onTestFinished(async () => {
      await store.close().catch(() => {})
      await cleanUp()
    })
    return store
  }

  describe('projects', () => {
    test('a project comes back whole, by id and by name', async () => {
      const store = await empty()
      const project = someProject({
        description: 'two\nlines',
        brand: 'acme',
        enabled: false,
        deletionProtection: true,
        updatedAt: NOW + 1,
      })
      expect(await addProject(store, project)).toBe('ok')
      expect(await store.findProject(project.id, null)).toEqual(project)
      expect(await store.findProject(project.name, null)).toEqual(project)
      expect(await store.findProject(generateId(), null)).toBeNull()
    })

    test('a name that looks like the id of another project does not hide it', async () => {
      const store = await empty()
      const project = someProject()
      await addProject(store, project)
      const decoy = someProject({ name: project.id })
      await addProject(store, decoy)
      expect((await store.findProject(project.id, null))?.id).toBe(project.id)
      expect((await store.findProject(decoy.id, null))?.id).toBe(decoy.id)
    })

    test('outside its scope a project is absent', async () => {
      const store = await empty()
      const [mine, foreign] = [someProject(), someProject()]
      await addProject(store, mine)
      await addProject(store, foreign)
      expect(await store.findProject(foreign.id, mine.id)).toBeNull()
      expect(await store.findProject(foreign.name, mine.id)).toBeNull()
      expect(await store.findProject(mine.name, mine.id)).toEqual(mine)
      const listed = await store.listProjects({
        scope: mine.id,
        name: null,
        limit: 9,
        cursor: null,
      })
      expect(listed).toEqual([mine])
    })

    test('a name is taken while its project lives', async () => {
      const store = await empty()
      const project = someProject({ name: 'payments' })
      await addProject(store, project)
      expect(await addProject(store, someProject({ name: 'payments' }))).toBe('name_taken')
      const other = someProject()
      await addProject(store, other)
      const change = changeOf({ kind: 'project', id: other.id })
      expect(await store.updateProject({ ...other, name: 'payments' }, 1, change)).toBe(
        'name_taken',
      )
      expect(await store.updateProject({ ...project, description: 'x' }, 1, change)).toBe('ok')
      expect(await store.deleteProject(project, NOW, change)).toBe('ok')
      expect(await addProject(store, someProject({ name: 'payments' }))).toBe('ok')
    })

    test('an update writes every attribute and raises the revision; a stale one is a conflict', async () => {
      const store = await empty()
      const project = someProject()
      await addProject(store, project)
      const next: Project = {
        ...project,
        name: 'renamed',
        description: 'd',
        brand: 'acme',
        enabled: false,
        deletionProtection: true,
        updatedAt: NOW + 5,
      }
      const change = changeOf({ kind: 'project', id: project.id }, { action: 'project.updated' })
      expect(await store.updateProject(next, 1, change)).toBe('ok')
      expect(await store.findProject(project.id, null)).toEqual({ ...next, revision: 2 })
      expect(await store.updateProject({ ...next, name: 'late' }, 1, change)).toBe('conflict')
      expect((await store.findProject(project.id, null))?.name).toBe('renamed')
    })

    test('a project with a usable key is in use; without one it goes, with all that belongs to it', async () => {
      const store = await empty()
      const project = someProject()
      await addProject(store, project)
      const key = someKey(project, { expiresAt: NOW + 10 })
      await addKey(store, key)
      const change = changeOf({ kind: 'project', id: project.id }, { action: 'project.deleted' })
      expect(await store.deleteProject(project, NOW + 9, change)).toBe('in_use')
      expect(await store.deleteProject(project, NOW + 10, change)).toBe('ok')
      expect(await store.deleteProject(project, NOW + 10, change)).toBe('conflict')
      expect(await store.findProject(project.id, null)).toBeNull()
      expect(await store.getKey(key.id, null)).toBeNull()
      expect(await store.listKeys(keyFilter())).toEqual([])
      expect(await store.findForVerification(key.id)).toBeNull()
      expect(await addKey(store, someKey(project))).toBe('conflict')
      const events = await store.listAuditEvents(auditFilter({ targetId: project.id }))
      expect(events.map((event) => event.action)).toEqual(['project.deleted', 'project.created'])
    })

    test('a protected project is not deleted', async () => {
      const store = await empty()
      const project = someProject({ deletionProtection: true })
      await addProject(store, project)
      const change = changeOf({ kind: 'project', id: project.id })
      expect(await store.deleteProject(project, NOW, change)).toBe('conflict')
      expect(await store.findProject(project.id, null)).toEqual(project)
    })
  })

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

  describe('tokens', () => {
    test('a token comes back whole', async () => {
      const { store, project } = await withProject(empty)
      const token = someToken({ projectId: project.id, expiresAt: NOW + 1, name: 'Grüße' })
      expect(await addToken(store, token)).toBe('ok')
      expect(await store.getToken(token.id, null)).toEqual(token)
      expect(await addToken(store, someToken({ id: token.id }))).toBe('id_taken')
      expect(await store.getToken(generateId(), null)).toBeNull()
    })

    test('outside its scope a token is absent, and so are tokens of all projects', async () => {
      const { store, project } = await withProject(empty)
      const [bound, free] = [someToken({ projectId: project.id }), someToken()]
      await addToken(store, bound)
      await addToken(store, free)
      const change = changeOf({ kind: 'token', id: free.id })
      expect(await store.getToken(free.id, project.id)).toBeNull()
      expect(await store.getToken(bound.id, project.id)).toEqual(bound)
      expect(await store.listTokens({ scope: project.id, limit: 9, cursor: null })).toEqual([bound])
      const foreign = { id: free.id, scope: project.id, at: NOW }
      expect(await store.revokeToken(foreign, change)).toBe('conflict')
      expect(await store.revokeToken({ ...foreign, scope: null }, change)).toBe('ok')
      expect(await store.revokeToken({ ...foreign, scope: null, at: 1 }, change)).toBe('conflict')
      expect(await store.getToken(free.id, null)).toEqual({ ...free, revokedAt: NOW })
    })
  })

  describe('verification', () => {
    test('one read gives the key, the state of its project and the digest of each secret', async () => {
      const { store, project } = await withProject(empty)
      const key = fullKey(project)
      const [older, present] = [someSecret(), someSecret({ version: NOW + 1, mintedBy: 'client' })]
      await addKey(store, key, older)
      await replace(store, key, { from: NOW, to: present, keep: [[NOW, NOW + 60]] })
      const row = await store.findForVerification(key.id)
      expect(row?.projectEnabled).toBe(true)
      expect(row?.key).toEqual(await store.getKey(key.id, null))
      expect(row?.secrets.map(plainDigest)).toEqual([
        { ...plainDigest(present), endsAt: null },
        { ...plainDigest(older), endsAt: NOW + 60 },
      ])
      const change = changeOf({ kind: 'project', id: project.id })
      await store.updateProject({ ...project, enabled: false }, 1, change)
      expect((await store.findForVerification(key.id))?.projectEnabled).toBe(false)
      expect(await store.findForVerification(generateId())).toBeNull()
      expect(await store.findTokenForVerification(key.id)).toBeNull()
    })

    test('a token is found with its digest, also when it is revoked', async () => {
      const store = await empty()
      const [token, secret] = [someToken(), someSecret({ mintedBy: 'client' })]
      await addToken(store, token, secret)
      const change = changeOf({ kind: 'token', id: token.id })
      await store.revokeToken({ id: token.id, scope: null, at: NOW }, change)
      const row = await store.findTokenForVerification(token.id)
      expect(row?.token).toEqual({ ...token, revokedAt: NOW })
      expect(row && plainDigest(row.secret)).toEqual(plainDigest(secret))
      expect(await store.findForVerification(token.id)).toBeNull()
    })

    test('last uses are kept by secret, never go back, and are not changes', async () => {
      const { store, key } = await withKey(empty)
      const token = someToken()
      await addToken(store, token)
      const head = await store.auditHead()
      const use = { kind: 'key' as const, id: key.id, version: NOW }
      await store.recordUses([
        { ...use, usedAt: NOW + 9 },
        { ...use, id: generateId(), usedAt: NOW },
        { kind: 'token', id: token.id, version: NOW, usedAt: NOW + 7 },
      ])
      await store.recordUses([{ ...use, usedAt: NOW + 1 }])
      await store.recordUses([])
      const used = await store.getKey(key.id, null)
      expect(used).toEqual({ ...key, secrets: [secretFacts({ lastUsedAt: NOW + 9 })] })
      expect((await store.getToken(token.id, null))?.lastUsedAt).toBe(NOW + 7)
      expect(await store.auditHead()).toEqual(head)
    })
  })

  describe('one change is all or nothing', () => {
    test('a refused write leaves neither record nor audit entry nor idempotency record', async () => {
      const { store, project, key, token } = await withRecords(empty)
      const before = await everything(store)
      const refused: Record<string, (change: Change) => Promise<string>> = {
        insertProject: (change) => store.insertProject(someProject({ name: project.name }), change),
        updateProject: (change) => store.updateProject({ ...project, name: 'x' }, 99, change),
        deleteProject: (change) => store.deleteProject(project, NOW, change),
        insertKey: (change) =>
          store.insertKey(someKey(project, { id: key.id }), someSecret(), change),
        insertKeyWithoutProject: (change) =>
          store.insertKey(someKey(someProject()), someSecret(), change),
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
      const { store, project, key, token } = await withRecords(empty)
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

  describe('audit log', () => {
    test('an event comes back whole, numbered from 1, and the chain and its head agree', async () => {
      const store = await empty()
      expect(await store.auditHead()).toMatchObject({ seq: 0 })
      const details = { name: 'Grüße 🔑', nested: { from: null, to: [1, 'x'] }, big: NOW }
      const project = someProject()
      const target = { kind: 'project' as const, id: project.id }
      const change = changeOf(target, { projectId: project.id, details })
      await store.insertProject(project, change)
      await addToken(store, someToken())
      const [newest, first] = await store.listAuditEvents(auditFilter())
      expect(first).toMatchObject({ ...change.entry, seq: 1, detailsJson: JSON.stringify(details) })
      expect(newest).toMatchObject({ seq: 2, action: 'token.created' })
      const head = await store.auditHead()
      expect(Buffer.from(head.hash)).toEqual(Buffer.from(newest?.hash ?? []))
      const readPage = (afterSeq: number) => store.readAuditChain(afterSeq, 1)
      expect(await checkChain(readPage, head)).toEqual({ ok: true, events: 2 })
    })

    test('every filter of the log selects, newest first', async () => {
      const { store, project, key } = await withKey(empty)
      await revoke(store, key, NOW)
      const sequence = async (filter: Parameters<typeof auditFilter>[0]) =>
        (await store.listAuditEvents(auditFilter(filter))).map((event) => event.seq)
      expect(await sequence({})).toEqual([3, 2, 1])
      expect(await sequence({ targetId: key.id })).toEqual([3, 2])
      expect(await sequence({ action: 'key.revoked' })).toEqual([3])
      expect(await sequence({ scope: project.id })).toEqual([3, 2, 1])
      expect(await sequence({ scope: generateId() })).toEqual([])
      expect(await sequence({ beforeSeq: 3, limit: 1 })).toEqual([2])
    })
  })

  describe('pages', () => {
    test('walking the pages gives every row once, newest first, whatever the times and page size', async () => {
      const store = await empty()
      const rows = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 25 })
      await fc.assert(
        fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (ages, limit) => {
          const project = someProject()
          await addProject(store, project)
          const keys = ages.map((age) => someKey(project, { createdAt: NOW - age }))
          await Promise.all(keys.map((key) => addKey(store, key)))
          const filter = keyFilter({ scope: project.id })
          const walked = await walk(limit, (page) => store.listKeys({ ...filter, ...page }))
          expect(walked.map((key) => key.id)).toEqual(
            keys.toSorted(newestFirst).map(({ id }) => id),
          )
        }),
        { numRuns: 40 },
      )
    })

    test('rows inserted during a walk neither repeat nor hide one that was there', async () => {
      const { store, project } = await withProject(empty)
      const ages = Array.from({ length: 60 }, (_, index) => Math.floor(index / 7))
      const keys = ages.map((age) => someKey(project, { createdAt: NOW - age }))
      await Promise.all(keys.map((key) => addKey(store, key)))
      const walked = await walk(4, async (page) => {
        const found = await store.listKeys(keyFilter(page))
        const newer = someKey(project, { createdAt: NOW + 1 })
        const between = someKey(project, { createdAt: found.at(-1)?.createdAt ?? NOW })
        await Promise.all([addKey(store, newer), addKey(store, between)])
        return found
      })
      const ids = walked.map((key) => key.id)
      expect(new Set(ids).size).toBe(ids.length)
      expect(keys.filter((key) => !ids.includes(key.id))).toEqual([])
    })

    test('projects and tokens are paged in the same way', async () => {
      const store = await empty()
      const projects = Array.from({ length: 11 }, (_, age) =>
        someProject({ createdAt: NOW - Math.floor(age / 3) }),
      )
      const tokens = Array.from({ length: 11 }, (_, age) =>
        someToken({ createdAt: NOW - Math.floor(age / 3) }),
      )
      await Promise.all(projects.map((project) => addProject(store, project)))
      await Promise.all(tokens.map((token) => addToken(store, token)))
      const all = { scope: null, name: null }
      expect(await walk(3, (page) => store.listProjects({ ...all, ...page }))).toEqual(
        projects.toSorted(newestFirst),
      )
      expect(await walk(3, (page) => store.listTokens({ scope: null, ...page }))).toEqual(
        tokens.toSorted(newestFirst),
      )
      const name = projects[4]?.name ?? ''
      expect(await store.listProjects({ scope: null, name, limit: 9, cursor: null })).toEqual([
        projects[4],
      ])
    })
  })

  describe('life of the store', () => {
    test('what was written is there after reopening, under the same instance id', async () => {
      const { store, reopen, cleanUp } = await open()
      onTestFinished(cleanUp)
      const project = someProject()
      await addProject(store, project)
      const keys = Array.from({ length: 300 }, () => someKey(project))
      const queued = Promise.all(keys.map((key) => addKey(store, key)))
      await store.close()
      expect(new Set(await queued)).toEqual(new Set(['ok']))
      const again = await reopen()
      expect(again.instanceId).toBe(store.instanceId)
      expect(await again.listKeys(keyFilter())).toHaveLength(300)
      await again.close()
    })

    test('a closed store answers nothing: it rejects with StorageUnavailable', async () => {
      const { store, cleanUp } = await open()
      onTestFinished(cleanUp)
      await store.ping()
      await store.close()
      await expect(store.ping()).rejects.toThrow(StorageUnavailable)
      await expect(store.getKey(generateId(), null)).rejects.toThrow(StorageUnavailable)
      await expect(addProject(store, someProject())).rejects.toThrow(StorageUnavailable)
    })
  })
}

function addProject(store: KeyStore, project: Project) {
  const target = { kind: 'project' as const, id: project.id }
  return store.insertProject(project, changeOf(target, { projectId: project.id }))
}

function addKey(store: KeyStore, key: Key, secret: StoredSecret = someSecret()) {
  const target = { kind: 'key' as const, id: key.id }
  return store.insertKey(key, secret, changeOf(target, { projectId: key.projectId }))
}

function addToken(store: KeyStore, token: Token, secret: StoredSecret = someSecret()) {
  const target = { kind: 'token' as const, id: token.id }
  return store.insertToken(token, secret, changeOf(target, { projectId: token.projectId }))
}

function revoke(
  store: KeyStore,
  key: Key,
  at: number,
  reason: string | null = null,
  overrideProtection = false,
) {
  const change = changeOf(
    { kind: 'key', id: key.id },
    { action: 'key.revoked', projectId: key.projectId },
  )
  const { id: keyId, projectId } = key
  return store.revokeKey(
    { keyId, projectId, at, by: 'actor1', reason, overrideProtection, updatedAt: NOW },
    change,
  )
}

function replace(
  store: KeyStore,
  key: Key,
  options: { from: number; to: number | StoredSecret; keep: [version: number, endsAt: number][] },
) {
  const { from, to, keep } = options
  const { id: keyId, projectId } = key
  return store.replaceSecret(
    {
      keyId,
      projectId,
      expectedVersion: from,
      secret: typeof to === 'number' ? someSecret({ version: to, createdAt: to }) : to,
      keep: keep.map(([version, endsAt]) => ({ version, endsAt })),
      updatedAt: NOW,
    },
    changeOf({ kind: 'key', id: key.id }, { action: 'key.rotated' }),
  )
}

type Write = (store: KeyStore, change: Change) => Promise<string>

/** Every write on a key that exists. Each would succeed on a fresh `someKey` of revision 1. */
function keyWrites(key: Key, revision = 1): Record<string, Write> {
  const { id: keyId, projectId } = key
  const updatedAt = NOW
  return {
    updateKey: (store, change) => store.updateKey({ ...key, name: 'other' }, revision, change),
    setKeyEnabled: (store, change) => store.setKeyEnabled({ ...key, enabled: false }, change),
    replaceSecret: (store, change) =>
      store.replaceSecret(
        {
          keyId,
          projectId,
          expectedVersion: NOW,
          secret: someSecret({ version: NOW + 1 }),
          keep: [],
          updatedAt,
        },
        change,
      ),
    setSecretEnd: (store, change) =>
      store.setSecretEnd({ keyId, projectId, version: NOW, endsAt: NOW + 1, updatedAt }, change),
    revokeKey: (store, change) =>
      store.revokeKey(
        {
          keyId,
          projectId,
          at: NOW,
          by: 'actor1',
          reason: null,
          overrideProtection: false,
          updatedAt,
        },
        change,
      ),
  }
}

function bindAll(store: KeyStore, writes: Record<string, Write>) {
  return Object.fromEntries(
    Object.entries(writes).map(([name, write]) => [name, (change: Change) => write(store, change)]),
  )
}

async function withProject(empty: () => Promise<KeyStore>) {
  const store = await empty()
  const project = someProject()
  await addProject(store, project)
  return { store, project }
}

async function withKey(empty: () => Promise<KeyStore>) {
  const { store, project } = await withProject(empty)
  const key = someKey(project)
  await addKey(store, key)
  return { store, project, key }
}

async function withRecords(empty: () => Promise<KeyStore>) {
  const { store, project, key } = await withKey(empty)
  const token = someToken()
  await addToken(store, token)
  return { store, project, key, token }
}

/** All that the store holds, as far as its methods show it. */
async function everything(store: KeyStore) {
  const all = { scope: null, limit: 1000, cursor: null }
  const keys = await store.listKeys(keyFilter())
  return {
    projects: await store.listProjects({ ...all, name: null }),
    keys,
    rows: await Promise.all(keys.map((key) => store.findForVerification(key.id))),
    tokens: await store.listTokens(all),
    head: await store.auditHead(),
    events: await store.readAuditChain(0, 1000),
  }
}

async function versions(store: KeyStore, key: Key) {
  const found = await store.getKey(key.id, null)
  return found?.secrets.map(({ version, endsAt }) => [version, endsAt]) ?? []
}

/** A digest as plain bytes: adapters give a Buffer or a Uint8Array. */
function plainDigest<T extends { digest: Uint8Array }>(secret: T) {
  return { ...secret, digest: Buffer.from(secret.digest).toString('hex') }
}

function auditFilter(
  overrides: Partial<Parameters<KeyStore['listAuditEvents']>[0]> = {},
): Parameters<KeyStore['listAuditEvents']>[0] {
  return { scope: null, targetId: null, action: null, beforeSeq: null, limit: 1000, ...overrides }
}

function newestFirst(a: { createdAt: number; id: string }, b: { createdAt: number; id: string }) {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)
}

async function walk<Row extends { createdAt: number; id: string }>(
  limit: number,
  readPage: (page: PageRequest) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: PageRequest['cursor'] = null
  for (;;) {
    const page = await readPage({ limit, cursor })
    const last = page.at(-1)
    if (!last) return rows
    expect(page.length).toBeLessThanOrEqual(limit)
    rows.push(...page)
    cursor = { at: last.createdAt, id: last.id }
  }
}
