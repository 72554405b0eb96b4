import { parentPort, workerData } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { EXIT, StartRefused } from '../../exit.ts'
import { openWriter, sqliteCode } from './open-database.ts'
import type { BatchResult, WriteBatch, WriteJob, WriterMessage } from './write-job.ts'
import { createWrites } from './writes.ts'

/** Runs in the writer thread: every batch of jobs is one transaction and one fsync. */
function startWriter(path: string): void {
  const port = parentPort
  if (!port) throw new Error('the writer runs in a worker thread')
  const send = (message: WriterMessage) => port.postMessage(message)
  const db = openOrRefuse(path, send)
  if (!db) return
  const runBatch = createBatch(db)
  port.on('message', (message: WriteBatch | 'close') => {
    if (message === 'close') {
      db.close()
      port.close()
      return
    }
    try {
      send({ type: 'batch', result: runBatch(message) })
    } catch (error) {
      send({ type: 'fatal', message: describe(error) })
    }
  })
  send({ type: 'ready' })
}

function openOrRefuse(path: string, send: (message: WriterMessage) => void) {
  try {
    return openWriter(path)
  } catch (error) {
    const exitCode = error instanceof StartRefused ? error.exitCode : EXIT.storage
    send({ type: 'refused', message: describe(error), exitCode })
    return null
  }
}

function createBatch(db: Database.Database): (batch: WriteBatch) => BatchResult {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const write = createWrites(db)

  const runJobs = ({ names, args }: WriteBatch): BatchResult => {
    const failures: BatchResult['failures'] = []
    const outcomes = names.map((name, index) => {
      try {
        return write({ name, args: args[index] } as WriteJob)
      } catch (error) {
        // SQLite ends the whole transaction on some errors (a full disk, for one).
        if (isFatal(error) || !db.inTransaction) throw error
        failures.push({ index, message: describe(error) })
        return null
      }
    })
    return { outcomes, failures }
  }

  return (batch) => {
    try {
      begin.run()
      const result = runJobs(batch)
      commit.run()
      return result
    } catch (error) {
      if (isFatal(error)) throw error
      if (db.inTransaction) db.exec('ROLLBACK')
      const message = describe(error)
      return { outcomes: [], failures: batch.names.map((_name, index) => ({ index, message })) }
    }
  }
}

/**
 * After a failed write or fsync the operating system may report success for pages it has dropped, so
 * nothing that this connection says can be trusted any more (R20).
 */
function isFatal(error: unknown): boolean {
  const code = sqliteCode(error)
  return /^SQLITE_(?:IOERR|CORRUPT|NOTADB|PROTOCOL)/.test(code)
}

function describe(error: unknown): string {
  const code = sqliteCode(error)
  const message = error instanceof Error ? error.message : String(error)
  return code ? `${code}: ${message}` : message
}

startWriter(workerData.path)
