import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ALL_SETTINGS, type LedgerStore } from '../contract/_ledger-command.ts'
import { ledgerCommands } from '../contract/_ledger-commands.ts'
import { changeOf, someKey, someProject, someSecret } from '../contract/_records.ts'
import { ReferenceLedger } from '../contract/_reference-ledger.ts'
import { packCharge, unpackOutcome } from './charge-message.ts'
import { migrateUp } from './migrate.ts'
import { prepareReads } from './reads.ts'
import type { WriteArguments, WriteName, WriteResult } from './write-job.ts'
import { createWrites } from './writes.ts'

// The operations of the writer thread, in this thread and on a database in memory: fast enough for very
// many histories. The contract runs some of them through the public door.

const RUNS = 10_000

/** One key in a database in memory. */
function openOperations() {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrateUp(db, 1)
  const run = createWrites(db)
  const { counters } = prepareReads(db)
  const write = async <Name extends WriteName>(
    name: Name,
    ...args: WriteArguments<Name>
  ): Promise<WriteResult<Name>> => run({ name, args }) as WriteResult<Name>

  const project = someProject()
  const key = someKey(project)
  run({ name: 'insertProject', args: [project, changeOf({ kind: 'project', id: project.id })] })
  run({ name: 'insertKey', args: [key, someSecret(), changeOf({ kind: 'key', id: key.id })] })

  const store: LedgerStore = {
    charge: async (request) => unpackOutcome(await write('charge', ...packCharge(request))),
    endReservation: (...args) => write('endReservation', ...args),
    expireReservations: (...args) => write('expireReservations', ...args),
    forgetReservations: (...args) => write('forgetReservations', ...args),
    forgetChargeRequests: (...args) => write('forgetChargeRequests', ...args),
    setQuotaUsed: (...args) => write('setQuotaUsed', ...args),
    updateKey: (...args) => write('updateKey', ...args),
    setKeyEnabled: (...args) => write('setKeyEnabled', ...args),
    replaceSecret: (...args) => write('replaceSecret', ...args),
    revokeKey: (...args) => write('revokeKey', ...args),
    readCounters: async (keyIds) => counters(keyIds),
  }
  return { db, store, key }
}

test(`${RUNS} random histories leave what a plain ledger says`, async () => {
  const { db, store, key } = openOperations()
  let reservations = 0
  let steps = 0
  const nextId = () => `reservation-${String(reservations++).padStart(9, '0')}`
  const history = fc.asyncProperty(ledgerCommands, async (commands) => {
    const ledger = new ReferenceLedger([...ALL_SETTINGS])
    db.exec('BEGIN')
    try {
      const real = { store, key, nextId, onStep: () => void steps++ }
      await fc.asyncModelRun(() => ({ model: ledger, real }), commands)
      // What a charge has ended is told once, and not to the next history.
      await store.expireReservations(0, 0)
    } finally {
      db.exec('ROLLBACK')
    }
  })
  await fc.assert(history, { numRuns: RUNS })
  process.stdout.write(`ledger: ${RUNS} histories, ${steps} steps, 0 differences\n`)
  expect(steps).toBeGreaterThan(RUNS * 5)
}, 300_000)
