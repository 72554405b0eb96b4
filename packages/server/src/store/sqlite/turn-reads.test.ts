import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { StorageUnavailable } from '../key-store.ts'
import { TurnReads } from './turn-reads.ts'

function openTurnReads() {
  const db = new Database(':memory:')
  onTestFinished(() => {
    db.close()
  })
  return { db, reads: new TurnReads(db) }
}

test('lookups of one turn run in one transaction, in order, and those of the next turn in another', async () => {
  const { db, reads } = openTurnReads()
  const seen: [name: string, inTransaction: boolean][] = []
  const note = (name: string) => reads.read(() => seen.push([name, db.inTransaction]))
  await Promise.all([note('a'), note('b')])
  expect(db.inTransaction).toBe(false)
  await note('c')
  expect(seen).toEqual([
    ['a', true],
    ['b', true],
    ['c', true],
  ])
  expect(db.inTransaction).toBe(false)
})

test('a lookup sees what was committed before it was asked for', async () => {
  const { db, reads } = openTurnReads()
  const first = reads.read(() => db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  db.exec('CREATE TABLE t (x)')
  const second = reads.read(() => db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  expect(await Promise.all([first, second])).toEqual([1, 1])
})

test('a lookup that fails takes no other along, and the next turn reads again', async () => {
  const { db, reads } = openTurnReads()
  const outcomes = await Promise.allSettled([
    reads.read(() => 1),
    reads.read(() => db.prepare('SELECT * FROM missing').get()),
    reads.read(() => 3),
  ])
  expect(outcomes).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: expect.any(StorageUnavailable) },
    { status: 'fulfilled', value: 3 },
  ])
  expect(await reads.read(() => 4)).toBe(4)
  db.close()
  await expect(reads.read(() => 5)).rejects.toThrow(StorageUnavailable)
})
