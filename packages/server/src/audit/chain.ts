import { createHash } from 'node:crypto'
import type { AuditEntry, AuditRecord } from './audit-entry.ts'

/** The hash before the first event. */
export const CHAIN_START: Uint8Array = new Uint8Array(32)

/**
 * SHA-256 over the hash of the event before and a JSON array of every field, in this order. A changed,
 * removed, inserted or reordered event breaks the chain from there on.
 */
export function chainHash(
  previous: Uint8Array,
  seq: number,
  entry: AuditEntry,
  detailsJson: string,
): Buffer {
  const fields = [
    seq,
    entry.at,
    entry.action,
    entry.actor.kind,
    entry.actor.id,
    entry.target.kind,
    entry.target.id,
    entry.projectId,
    entry.requestId,
    detailsJson,
  ]
  return createHash('sha256').update(previous).update(JSON.stringify(fields)).digest()
}

export interface ChainHead {
  seq: number
  hash: Uint8Array
}

export type ChainCheck = { ok: true; events: number } | { ok: false; seq: number; reason: string }

/**
 * Walks the chain page by page, oldest first, and compares its end with the anchored head, so that a
 * cut tail is seen too.
 */
export async function checkChain(
  readPage: (afterSeq: number) => Promise<AuditRecord[]>,
  head: ChainHead,
): Promise<ChainCheck> {
  let seq = 0
  let hash = CHAIN_START
  for (;;) {
    const page = await readPage(seq)
    if (page.length === 0) break
    for (const record of page) {
      if (record.seq !== seq + 1) {
        return { ok: false, seq: seq + 1, reason: 'this event is missing' }
      }
      const expected = chainHash(hash, record.seq, record, record.detailsJson)
      if (!expected.equals(record.hash)) {
        return { ok: false, seq: record.seq, reason: 'this event was changed' }
      }
      seq = record.seq
      hash = expected
    }
  }
  if (seq < head.seq) return { ok: false, seq: seq + 1, reason: 'the newest events are missing' }
  if (seq > head.seq || !Buffer.from(hash).equals(head.hash)) {
    return { ok: false, seq, reason: 'the anchored head does not match' }
  }
  return { ok: true, events: seq }
}
