import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addKey, addProject, addToken, newestFirst, walk, withProject } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { keyFilter, NOW, someKey, someProject, someToken } from './_records.ts'

export function pagesContract(empty: Empty): void {
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
}
