import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WriteBehind } from '../../write-behind.ts'
import { changeOf, NOW, someKey, someProject, someSecret } from '../contract/_records.ts'
import { StorageUnavailable } from '../key-store.ts'
import { openReader } from './open-database.ts'
import { openSqliteKeyStore } from './open-key-store.ts'
import { Writer } from './writer.ts'

/** A writer on a real file with one project. */
async function openWriterWithProject(options: { onFatal?: (message: string) => void } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-writer-'))
  const path = join(folder, 'keysmith.db')
  const onFatal =
    options.onFatal ??
    ((message: string) => {
      throw new Error(message)
    })
  const { store } = await openSqliteKeyStore({
    path,
    autoMigrate: true,
    pepperChecks: new Map(),
    now: 1,
    onFatal,
  })
  const project = someProject()
  await store.insertProject(project, changeOf({ kind: 'project', id: project.id }))
  await store.close()
  const writer = await Writer.open(path, onFatal)
  onTestFinished(async () => {
    await writer.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const insert = (secret = someSecret(), key = someKey(project)) => {
    return writer.write('insertKey', [key, secret, changeOf({ kind: 'key', id: key.id })])
  }
  return { path, writer, project, insert }
}

/** The commits in the write-ahead log: frames whose header names a database size (SQLite file format, 4.1). */
function countCommits(path: string): number {
  const wal = readFileSync(`${path}-wal`)
  const salt = wal.subarray(16, 24)
  const frameBytes = 24 + wal.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
    const isOfThisLog = wal.subarray(at + 8, at + 16).equals(salt)
    if (isOfThisLog && wal.readUInt32BE(at + 4) !== 0) commits += 1
  }
  return commits
}

function count(path: string, table: 'keys' | 'audit_events'): number {
  const db = openReader(path)
  const rows = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
  db.close()
  return Number(rows)
}

test('writes of one turn share a commit, and those that wait for it the next; one after the other each has its own', async () => {
  const { path, insert } = await openWriterWithProject()
  for (let index = 0; index < 10; index += 1) await insert()
  expect(countCommits(path)).toBe(10)
  const first = Array.from({ length: 100 }, () => insert())
  await Promise.resolve()
  const second = Array.from({ length: 100 }, () => insert())
  await Promise.all([...first, ...second])
  expect(countCommits(path)).toBe(12)
  expect(count(path, 'keys')).toBe(210)
})

test('the last uses and the usage of one second share a commit', async () => {
  const { path, writer, project, insert } = await openWriterWithProject()
  const key = someKey(project)
  await insert(someSecret(), key)
  const before = countCommits(path)
  const use = { kind: 'key' as const, id: key.id, version: NOW, usedAt: NOW + 1 }
  const usage = { keyId: key.id, hour: 0, kind: 'verdict' as const, name: 'valid', amount: 1 }
  const writeBehind = new WriteBehind([
    { flush: () => writer.write('recordUses', [[use]]) },
    { flush: () => writer.write('addUsage', [[usage]]) },
  ])
  await writeBehind.close()
  expect(countCommits(path)).toBe(before + 1)
  const db = openReader(path)
  expect(db.prepare('SELECT used_at FROM last_uses WHERE key_id = ?').pluck().get(key.id)).toBe(
    NOW + 1,
  )
  expect(db.prepare('SELECT amount FROM usage WHERE key_id = ?').pluck().get(key.id)).toBe(1)
  db.close()
})

test('a batch holds 256 writes at most', async () => {
  const { path, insert } = await openWriterWithProject()
  await Promise.all(Array.from({ length: 256 + 256 + 1 }, () => insert()))
  expect(countCommits(path)).toBe(3)
})

test('an error in one write touches no other of its batch', async () => {
  const { path, insert } = await openWriterWithProject()
  const before = count(path, 'audit_events')
  const results = await Promise.allSettled([
    insert(),
    insert(),
    insert(someSecret({ digest: new Uint8Array(31) })),
    insert(),
  ])
  expect(results.map((result) => result.status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(results[2]).toMatchObject({ reason: expect.any(StorageUnavailable) })
  expect(count(path, 'keys')).toBe(3)
  expect(count(path, 'audit_events')).toBe(before + 3)
})

test('beyond 10,000 waiting writes the next is refused at once, and the waiting ones are written', async () => {
  const { writer, insert } = await openWriterWithProject()
  const waiting = Array.from({ length: 10_000 }, () => writer.write('recordUses', [[]]))
  const refused = await Promise.allSettled([insert(), insert()])
  for (const result of refused) {
    expect(result).toMatchObject({ reason: expect.any(StorageUnavailable) })
    expect(result).toMatchObject({ reason: { message: 'too many writes are waiting' } })
  }
  await Promise.all(waiting)
  expect(await insert()).toBe('ok')
})

test('closing finishes what is queued and refuses what comes later', async () => {
  const { path, writer, insert } = await openWriterWithProject()
  const queued = Promise.all(Array.from({ length: 600 }, () => insert()))
  await writer.close()
  expect(new Set(await queued)).toEqual(new Set(['ok']))
  await expect(insert()).rejects.toThrow('the storage is closed')
  expect(count(path, 'keys')).toBe(600)
})

test('a damaged page is fatal: nothing of the batch is acknowledged, nothing later is tried', async () => {
  const fatal: string[] = []
  const { path, writer, insert } = await openWriterWithProject({
    onFatal: (message) => fatal.push(message),
  })
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0xff, 4096), { flag: 'r+' })
  const results = await Promise.allSettled([insert(), insert()])
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
  expect(fatal).toEqual([expect.stringMatching(/^SQLITE_CORRUPT/)])
  await expect(insert()).rejects.toThrow(StorageUnavailable)
  await writer.close()
  expect(fatal).toHaveLength(1)
})

test('a writer without its database does not start', async () => {
  const missing = join(tmpdir(), 'keysmith-writer-none', 'keysmith.db')
  await expect(Writer.open(missing, () => {})).rejects.toThrow(/cannot be opened/)
  expect(() => statSync(missing)).toThrow(/ENOENT/)
})
