import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  addImportedKey,
  addKey,
  addProject,
  everything,
  replace,
  revoke,
  withProject,
} from './_actions.ts'
import type { Empty } from './_opened.ts'
import {
  changeOf,
  NOW,
  secretFacts,
  someIdempotency,
  someImportedSecret,
  someKey,
  someProject,
  someSecret,
} from './_records.ts'

const importedFacts = { mintedBy: 'import', start: 'sk_prod_' } as const
const slow = (tag: number) =>
  someImportedSecret({ argon2: { kdf: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA', tag } })

export function importedContract(empty: Empty): void {
  describe('imported keys', () => {
    test('a key comes back whole, and its secret is found by its digest in its scope only', async () => {
      const { store, project } = await withProject(empty)
      const foreign = someProject()
      await addProject(store, foreign)
      const key = someKey(project, { secrets: [secretFacts(importedFacts)] })
      const secret = someImportedSecret({ start: 'sk_prod_' })
      expect(await addImportedKey(store, key, secret)).toBe('ok')
      expect(await store.getKey(key.id, null)).toEqual(key)
      const ref = { keyId: key.id, projectId: project.id, version: NOW }
      for (const scope of [null, project.id]) {
        expect(await store.findImportedByDigest(secret.digest, scope)).toEqual(ref)
      }
      expect(await store.findImportedByDigest(secret.digest, foreign.id)).toBeNull()
      expect(await store.findImportedByDigest(randomBytes(32), null)).toBeNull()
      const row = await store.findForVerification(key.id)
      expect(row?.key).toEqual(key)
      expect(row?.secrets).toMatchObject([{ version: NOW, mintedBy: 'import' }])
    })

    test('the digest of a secret that was issued here is not found', async () => {
      const { store, project } = await withProject(empty)
      const secret = someSecret()
      await addKey(store, someKey(project), secret)
      expect(await store.findImportedByDigest(secret.digest, null)).toBeNull()
      expect(await store.listImportedProjects()).toEqual([])
      const same = someImportedSecret({ digest: secret.digest })
      expect(await addImportedKey(store, someKey(project), same)).toBe('ok')
    })

    test('one digest is one key, in every project and state; the second leaves nothing', async () => {
      const { store, project } = await withProject(empty)
      const [foreign, secret] = [someProject(), someImportedSecret()]
      await addProject(store, foreign)
      const key = someKey(project)
      const outcomes = await Promise.all(
        [key, someKey(project), someKey(foreign)].map((each) =>
          addImportedKey(store, each, secret),
        ),
      )
      expect(outcomes).toEqual(['ok', 'secret_taken', 'secret_taken'])
      await revoke(store, key, NOW)
      const before = await everything(store)
      const idempotency = someIdempotency()
      const again = someKey(foreign)
      const change = changeOf({ kind: 'key', id: again.id }, { idempotency })
      expect(await store.insertImportedKey(again, secret, change)).toBe('secret_taken')
      expect(await everything(store)).toEqual(before)
      expect(await store.findIdempotency('actor1', idempotency.key, NOW)).toBeNull()
    })

    test('slow secrets are found by tag and pepper, all of one tag; a row for the id has none', async () => {
      const { store, project } = await withProject(empty)
      const foreign = someProject()
      await addProject(store, foreign)
      const [first, second, other] = [slow(0xffff), slow(0xffff), slow(0)]
      const keys = [someKey(project), someKey(foreign), someKey(project)]
      for (const [index, secret] of [first, second, other].entries()) {
        expect(await addImportedKey(store, keys[index]!, secret)).toBe('ok')
      }
      const found = async (tag: number, scope: string | null, pepperId = 'pepper1') =>
        (await store.findImportedByTag(tag, pepperId, scope)).map(({ keyId }) => keyId).toSorted()
      expect(await found(0xffff, null)).toEqual([keys[0]!.id, keys[1]!.id].toSorted())
      expect(await found(0xffff, project.id)).toEqual([keys[0]!.id])
      expect(await found(0, null)).toEqual([keys[2]!.id])
      expect(await found(0, null, 'pepper2')).toEqual([])
      expect(await found(1, null)).toEqual([])
      const [candidate] = await store.findImportedByTag(0, 'pepper1', null)
      expect({ ...candidate, digest: Buffer.from(candidate!.digest) }).toEqual({
        keyId: keys[2]!.id,
        projectId: project.id,
        version: NOW,
        digest: Buffer.from(other!.digest),
        kdf: other!.argon2?.kdf,
      })
      expect(await store.findImportedByDigest(other!.digest, null)).toBeNull()
      expect((await store.findForVerification(keys[2]!.id))?.secrets).toEqual([])
    })

    test('a rotation keeps the imported secret while it overlaps, then frees its digest', async () => {
      const { store, project } = await withProject(empty)
      const [key, secret] = [someKey(project), someImportedSecret()]
      await addImportedKey(store, key, secret)
      await replace(store, key, { from: NOW, to: NOW + 1, keep: [[NOW, NOW + 60]] })
      expect(await store.findImportedByDigest(secret.digest, null)).toMatchObject({ version: NOW })
      const rotated = await store.getKey(key.id, null)
      expect(rotated?.secrets.map(({ mintedBy }) => mintedBy)).toEqual(['server', 'import'])
      await replace(store, key, { from: NOW + 1, to: NOW + 2, keep: [] })
      expect(await store.findImportedByDigest(secret.digest, null)).toBeNull()
      expect(await store.listImportedProjects()).toEqual([])
      expect(await addImportedKey(store, someKey(project), secret)).toBe('ok')
    })

    test('the projects with imported keys are listed once each, of both kinds', async () => {
      const { store, project } = await withProject(empty)
      const [slowOne, native] = [someProject(), someProject()]
      for (const each of [slowOne, native]) await addProject(store, each)
      await addKey(store, someKey(native))
      for (let count = 0; count < 3; count += 1) {
        await addImportedKey(store, someKey(project), someImportedSecret())
        await addImportedKey(store, someKey(slowOne), slow(count))
      }
      const found = await store.listImportedProjects()
      expect(found.toSorted()).toEqual([project.id, slowOne.id].toSorted())
    })
  })
}
