import { describe, expect, test } from 'vitest'
import type { AuditRecord } from './audit-entry.ts'
import { CHAIN_START, type ChainHead, chainHash, checkChain } from './chain.ts'

const LENGTH = 12

/** A chain of events as a store writes it. */
function makeChain(length = LENGTH): AuditRecord[] {
  const records: AuditRecord[] = []
  let hash: Uint8Array = CHAIN_START
  for (let seq = 1; seq <= length; seq += 1) {
    const details = { name: `key ${seq}`, permissions: ['a'] }
    const entry = {
      at: 1000 + seq,
      action: 'key.created' as const,
      actor: { kind: 'token' as const, id: 'actor' },
      target: { kind: 'key' as const, id: `key${seq}` },
      projectId: 'project',
      requestId: null,
      details,
    }
    const detailsJson = JSON.stringify(details)
    hash = chainHash(hash, seq, entry, detailsJson)
    records.push({ ...entry, seq, detailsJson, hash })
  }
  return records
}

function headOf(records: AuditRecord[]): ChainHead {
  const last = records.at(-1)
  return { seq: last?.seq ?? 0, hash: last?.hash ?? CHAIN_START }
}

/** Pages of any size, as a store gives them. */
function check(records: AuditRecord[], head: ChainHead, pageSize = 5) {
  const rows = records.toSorted((a, b) => a.seq - b.seq)
  return checkChain(
    async (afterSeq) => rows.filter(({ seq }) => seq > afterSeq).slice(0, pageSize),
    head,
  )
}

const INTACT = makeChain()
const HEAD = headOf(INTACT)

/** The chain from this place on, with hashes that fit: as one who knows the rule would write it. */
function rehash(records: AuditRecord[], from: number): AuditRecord[] {
  let hash = records[from - 1]?.hash ?? CHAIN_START
  return records.map((record, index) => {
    if (index < from) return record
    hash = chainHash(hash, record.seq, record, record.detailsJson)
    return { ...record, hash }
  })
}

test('an intact chain is intact, whatever the size of the pages', async () => {
  for (const pageSize of [1, 2, 5, 12, 100]) {
    expect(await check(INTACT, HEAD, pageSize)).toEqual({ ok: true, events: LENGTH })
  }
  expect(await check([], { seq: 0, hash: CHAIN_START })).toEqual({ ok: true, events: 0 })
})

/** One edit of each field of an event. */
const EDITS: [field: string, edit: (record: AuditRecord) => AuditRecord][] = [
  ['at', (record) => ({ ...record, at: record.at + 1 })],
  ['action', (record) => ({ ...record, action: 'key.revoked' })],
  ['kind of the actor', (record) => ({ ...record, actor: { ...record.actor, kind: 'local' } })],
  ['actor', (record) => ({ ...record, actor: { ...record.actor, id: 'another' } })],
  ['kind of the target', (record) => ({ ...record, target: { ...record.target, kind: 'token' } })],
  ['target', (record) => ({ ...record, target: { ...record.target, id: 'another' } })],
  ['project', (record) => ({ ...record, projectId: 'another' })],
  ['no project', (record) => ({ ...record, projectId: null })],
  ['request', (record) => ({ ...record, requestId: 'r-1' })],
  ['details', (record) => ({ ...record, detailsJson: record.detailsJson.replace('a', 'b') })],
  ['hash', (record) => ({ ...record, hash: Uint8Array.from(record.hash, (byte) => byte ^ 1) })],
  [
    'two fields, swapped',
    (record) => ({
      ...record,
      actor: { ...record.actor, id: record.target.id },
      target: { ...record.target, id: record.actor.id },
    }),
  ],
]

test.each(EDITS)('an edit is found at its event: %s', async (_field, edit) => {
  for (let index = 0; index < LENGTH; index += 1) {
    const records = INTACT.map((record, at) => (at === index ? edit(record) : record))
    const found = { ok: false, seq: index + 1, reason: 'this event was changed' }
    expect(await check(records, HEAD)).toEqual(found)
  }
})

test('a deleted event is found, wherever it was', async () => {
  for (let index = 0; index < LENGTH; index += 1) {
    const result = await check(INTACT.toSpliced(index, 1), HEAD)
    expect(result).toMatchObject({ ok: false, seq: index + 1 })
  }
})

test('a deleted event is found when those behind it were numbered anew', async () => {
  for (let index = 0; index < LENGTH - 1; index += 1) {
    const records = INTACT.toSpliced(index, 1).map((record, at) => ({ ...record, seq: at + 1 }))
    expect(await check(records, HEAD)).toMatchObject({ ok: false, seq: index + 1 })
  }
})

test('two events in another order are found', async () => {
  for (let index = 0; index < LENGTH - 1; index += 1) {
    const records = INTACT.map((record, at) => {
      const from = at === index ? index + 1 : at === index + 1 ? index : at
      return { ...(INTACT[from] ?? record), seq: at + 1 }
    })
    expect(await check(records, HEAD)).toMatchObject({ ok: false, seq: index + 1 })
  }
})

test('an inserted event is found, wherever it stands', async () => {
  for (let index = 0; index <= LENGTH; index += 1) {
    const extra = { ...(INTACT[0] as AuditRecord) }
    const records = INTACT.toSpliced(index, 0, extra).map((record, at) => ({
      ...record,
      seq: at + 1,
    }))
    const result = await check(records, HEAD)
    expect(result.ok).toBe(false)
  }
})

describe('with hashes that were computed anew', () => {
  test('an edited, deleted, inserted or cut event is found by the anchored head', async () => {
    for (let index = 0; index < LENGTH; index += 1) {
      const edited = INTACT.map((record, at) => (at === index ? { ...record, at: 1 } : record))
      expect((await check(rehash(edited, index), HEAD)).ok).toBe(false)
      const renumber = (records: AuditRecord[]) =>
        rehash(
          records.map((record, at) => ({ ...record, seq: at + 1 })),
          index,
        )
      expect((await check(renumber(INTACT.toSpliced(index, 1)), HEAD)).ok).toBe(false)
      const inserted = renumber(INTACT.toSpliced(index, 0, INTACT[0] as AuditRecord))
      expect((await check(inserted, HEAD)).ok).toBe(false)
    }
  })
})

test('a cut tail is found by the anchored head, however much is missing', async () => {
  for (let kept = 0; kept < LENGTH; kept += 1) {
    const found = { ok: false, seq: kept + 1, reason: 'the newest events are missing' }
    expect(await check(INTACT.slice(0, kept), HEAD)).toEqual(found)
  }
})

test('a head of another chain is found', async () => {
  const other = { seq: LENGTH, hash: new Uint8Array(32).fill(7) }
  const found = { ok: false, seq: LENGTH, reason: 'the anchored head does not match' }
  expect(await check(INTACT, other)).toEqual(found)
  expect((await check(INTACT, headOf(INTACT.slice(0, -1)))).ok).toBe(false)
})

test('fields cannot be moved into each other: each stands alone in the hash', () => {
  const [record] = makeChain(1) as [AuditRecord]
  const of = (change: Partial<AuditRecord>) =>
    chainHash(CHAIN_START, 1, { ...record, ...change }, record.detailsJson).toString('hex')
  expect(of({ projectId: 'a', requestId: 'b' })).not.toBe(
    of({ projectId: 'a","b', requestId: null }),
  )
  expect(of({ projectId: null })).not.toBe(of({ projectId: 'null' }))
  expect(of({ target: { kind: 'key', id: 'ab' } })).not.toBe(
    of({ target: { kind: 'key', id: 'a' } }),
  )
})
