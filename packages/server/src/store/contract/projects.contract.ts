import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import type { Project } from '../../keys/key.ts'
import { addKey, addProject, auditFilter } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, keyFilter, NOW, someKey, someProject } from './_records.ts'

/** A value other than the default in every bound of a project. */
const BOUNDS = {
  defaultRateLimits: { requests: { limit: 600, windowSeconds: 60 } },
  defaultQuotas: { tokens: { limit: Number.MAX_SAFE_INTEGER, period: 'month' } },
  maxLifetimeSeconds: 3600,
  models: ['model-a', 'model-b*'],
  specialPermissions: [{ name: 'device:priority', label: 'Grüße' }],
  allowedDelivery: ['sealed', 'own'],
  reservationExpiry: 'charged',
} satisfies Partial<Project>

export function projectsContract(empty: Empty): void {
  describe('projects', () => {
    test('a project comes back whole, by id and by name', async () => {
      const store = await empty()
      const project = someProject({
        description: 'two\nlines',
        brand: 'acme',
        enabled: false,
        deletionProtection: true,
        ...BOUNDS,
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
        ...BOUNDS,
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
}
