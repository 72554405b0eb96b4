import { Type } from 'typebox'
import { checkChain } from '../audit/chain.ts'
import type { Deps } from '../keys/deps.ts'
import { type App, PROBLEMS } from './route.ts'

const PAGE = 500

const ChainCheck = Type.Object({
  ok: Type.Boolean(),
  events: Type.Optional(Type.Integer()),
  head: Type.Optional(Type.String()),
  seq: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
})

/** Walks the audit chain for `keysmith audit verify`; reachable over the control socket only. */
export function checkAuditChainRoute(app: App, { store }: Deps): void {
  app.get(
    '/control/audit-chain',
    {
      config: { access: 'local' },
      handlerTimeout: 600_000,
      schema: { hide: true, response: { 200: ChainCheck, ...PROBLEMS } },
    },
    async () => {
      const head = await store.auditHead()
      const readPage = async (afterSeq: number) => {
        // Requests come first: a long chain is walked between them.
        await new Promise((resolve) => setImmediate(resolve))
        const page = await store.readAuditChain(afterSeq, PAGE)
        return page.filter((record) => record.seq <= head.seq)
      }
      const check = await checkChain(readPage, head)
      return check.ok ? { ...check, head: Buffer.from(head.hash).toString('hex') } : check
    },
  )
}
