import { generateId } from '@keysmith/key-format'
import { describe, expect, test } from 'vitest'
import { checkChain } from '../../audit/chain.ts'
import { addToken, auditFilter, revoke, withKey } from './_actions.ts'
import type { Empty } from './_opened.ts'
import { changeOf, NOW, someProject, someToken } from './_records.ts'

export function auditContract(empty: Empty): void {
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
}
