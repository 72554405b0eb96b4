import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { addKey, addToken, plainDigest, replace, withKey, withProject } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, fullKey, NOW, secretFacts, someSecret, someToken } from './_records.ts'

export function verificationContract(empty: Empty): void {
  describe('verification', () => {
    test('one read gives the key, the state of its project and the digest of each secret', async () => {
      const { store, project } = await withProject(empty)
      const key = fullKey(project)
      const [older, present] = [someSecret(), someSecret({ version: NOW + 1, mintedBy: 'client' })]
      await addKey(store, key, older)
      await replace(store, key, { from: NOW, to: present, keep: [[NOW, NOW + 60]] })
      const row = await store.findForVerification(key.id)
      expect(row?.project.enabled).toBe(true)
      expect(row?.key).toEqual(await store.getKey(key.id, null))
      expect(row?.secrets.map(plainDigest)).toEqual([
        { ...plainDigest(present), endsAt: null },
        { ...plainDigest(older), endsAt: NOW + 60 },
      ])
      const change = changeOf({ kind: 'project', id: project.id })
      await store.updateProject({ ...project, enabled: false }, 1, change)
      expect((await store.findForVerification(key.id))?.project.enabled).toBe(false)
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
}
