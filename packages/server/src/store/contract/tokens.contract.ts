import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { addToken, withProject } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, NOW, someToken } from './_records.ts'

export function tokensContract(empty: Empty): void {
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
}
