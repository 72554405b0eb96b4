import type Database from 'better-sqlite3'
import { chainHash } from '../../audit/chain.ts'
import { type Change, IDEMPOTENCY_TTL_MS, type IdempotencyRecord } from '../key-store.ts'
import { Undo } from './undo.ts'

/** Writes the audit entry, chained to the one before, and the idempotency record. */
export function prepareChange(db: Database.Database): (change: Change) => void {
  const readHead = db.prepare<[], { seq: number; hash: Buffer }>('SELECT seq, hash FROM audit_head')
  const writeHead = db.prepare('UPDATE audit_head SET seq = ?, hash = ?')
  const insertEvent = db.prepare(`
    INSERT INTO audit_events (seq, at, action, actor_kind, actor_id, target_kind, target_id,
      project_id, request_id, details, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const recordIdempotency = prepareIdempotency(db)
  return ({ entry, idempotency }) => {
    const head = readHead.get()
    if (!head) throw new Error('the audit head is missing')
    const seq = head.seq + 1
    const details = JSON.stringify(entry.details)
    const hash = chainHash(head.hash, seq, entry, details)
    const { at, action, actor, target, projectId, requestId } = entry
    insertEvent.run(
      ...[seq, at, action, actor.kind, actor.id, target.kind, target.id],
      ...[projectId, requestId, details, hash],
    )
    writeHead.run(seq, hash)
    if (idempotency) recordIdempotency(idempotency)
  }
}

function prepareIdempotency(db: Database.Database): (record: IdempotencyRecord) => void {
  const forget = db.prepare('DELETE FROM idempotency WHERE created_at <= ?')
  const insert = db.prepare(`
    INSERT INTO idempotency (actor_id, key, fingerprint, target_id, secret_version, created_at)
    VALUES (@actorId, @key, @fingerprint, @targetId, @secretVersion, @createdAt)
    ON CONFLICT DO NOTHING`)
  return (record) => {
    forget.run(record.createdAt - IDEMPOTENCY_TTL_MS)
    if (insert.run(record).changes !== 1) throw new Undo('repeated')
  }
}
