import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { changeOf, someProject } from '../contract/_records.ts'
import { keyStoreContract } from '../key-store.contract.ts'
import { readMigrations } from '../migrations.ts'
import { createDatabase, openReader, openWriter } from './open-database.ts'
import { openSqliteKeyStore } from './open-key-store.ts'

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'keysmith-store-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  return { file: join(path, 'keysmith.db'), remove }
}

const openStore = (path: string, pepperChecks = new Map([['pepper1', 'check1']])) =>
  openSqliteKeyStore({
    path,
    autoMigrate: true,
    pepperChecks,
    now: 1,
    onFatal: (message) => {
      throw new Error(message)
    },
  })

keyStoreContract({
  open: async () => {
    const { file, remove } = folder()
    const { store } = await openStore(file).catch((error: unknown) => {
      remove()
      throw error
    })
    const reopen = async () => (await openStore(file)).store
    return { store, reopen, cleanUp: async () => remove() }
  },
})

describe('the SQLite file', () => {
  async function closedDatabase() {
    const { file, remove } = folder()
    onTestFinished(remove)
    const { store, isNew } = await openStore(file)
    await store.close()
    return { file, isNew }
  }

  test('the writing connection has WAL and synchronous FULL, where the driver has NORMAL', async () => {
    const { file } = await closedDatabase()
    const writer = openWriter(file)
    expect(writer.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(writer.pragma('synchronous', { simple: true })).toBe(2)
    expect(writer.pragma('mmap_size', { simple: true })).toBe(0)
    expect(writer.pragma('foreign_keys', { simple: true })).toBe(1)
    writer.close()
    const plain = new Database(file)
    expect(plain.pragma('synchronous', { simple: true })).toBe(1)
    plain.pragma('journal_mode = DELETE')
    plain.close()
    const again = openWriter(file)
    expect(again.pragma('journal_mode', { simple: true })).toBe('wal')
    again.close()
  })

  test('the reading connection cannot write', async () => {
    const { file } = await closedDatabase()
    const reader = openReader(file)
    onTestFinished(() => {
      reader.close()
    })
    expect(() => reader.exec("DELETE FROM instance WHERE name = 'id'")).toThrow(/readonly/)
    expect(() => reader.pragma('query_only = OFF')).not.toThrow()
    expect(() => reader.exec("DELETE FROM instance WHERE name = 'id'")).toThrow(/readonly/)
  })

  test('the file says in its header that it is ours', async () => {
    const { file, isNew } = await closedDatabase()
    expect(isNew).toBe(true)
    expect(readFileSync(file).toString('latin1', 68, 72)).toBe('KSM1')
    expect((await openAndClose(file)).isNew).toBe(false)
  })

  test('after a clean close everything is in the one file', async () => {
    const { file, remove } = folder()
    onTestFinished(remove)
    const { store } = await openStore(file)
    const project = someProject()
    await store.insertProject(project, changeOf({ kind: 'project', id: project.id }))
    await store.close()
    expect(() => readFileSync(`${file}-wal`)).toThrow(/ENOENT/)
    expect(readFileSync(file).includes(project.id)).toBe(true)
  })

  test('a wrong or missing pepper leaves every byte of the database as it is', async () => {
    const { file } = await closedDatabase()
    const before = readFileSync(file)
    const wrong = [new Map([['pepper1', 'other']]), new Map([['pepper2', 'check2']]), new Map()]
    for (const checks of wrong) {
      await expect(openStore(file, checks)).rejects.toThrow(/pepper .* this database was made with/)
      expect(readFileSync(file).equals(before)).toBe(true)
    }
    const more = new Map([
      ['pepper1', 'check1'],
      ['pepper2', 'check2'],
    ])
    await openAndClose(file, more)
    await expect(openStore(file)).rejects.toThrow(/lacks the one/)
  })

  test('a database of the first schema is migrated with the keys in it', async () => {
    const { file, remove } = folder()
    onTestFinished(remove)
    createDatabase(file)
    const db = openWriter(file)
    const [first] = readMigrations(join(import.meta.dirname, 'migrations'))
    db.exec(first!.sql)
    db.exec(`
      CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,
        checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
      INSERT INTO schema_migrations VALUES (1, '${first!.name}', '${first!.checksum}', 1);
      INSERT INTO projects VALUES ('p', 'p', NULL, 'ks', 1, 0, 1, 1, NULL, 1);
      INSERT INTO keys (id, project_id, name, environment, enabled, permissions, metadata, tags,
        deletion_protection, secret_version, created_at, created_by, updated_at, revision)
      VALUES ('k', 'p', 'old', 'live', 1, '[]', '{}', '{}', 0, 1, 1, 'x', 1, 1);
      INSERT INTO secrets (key_id, version, hash_class, digest, pepper_id, minted_by, created_at)
      VALUES ('k', 1, 'hmac', zeroblob(32), 'pepper1', 'client', 1)`)
    db.close()
    const { store } = await openStore(file)
    const row = await store.findForVerification('k')
    expect(row?.key).toMatchObject({ name: 'old', secrets: [{ mintedBy: 'client', start: null }] })
    expect(row?.secrets).toMatchObject([{ version: 1, pepperId: 'pepper1' }])
    expect(await store.listImportedProjects()).toEqual([])
    await store.close()
  })

  async function openAndClose(file: string, checks?: Map<string, string>) {
    const opened = await openStore(file, checks)
    await opened.store.close()
    return opened
  }
})
