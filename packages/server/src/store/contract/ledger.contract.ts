import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addKey, withProject } from './_actions.ts'
import { ALL_SETTINGS } from './_ledger-command.ts'
import { ledgerCommands } from './_ledger-commands.ts'
import type { Empty } from './_opened.ts'
import { someKey } from './_records.ts'
import { ReferenceLedger } from './_reference-ledger.ts'

/** A run of an adapter that also runs the whole number in its own process shows only the way there. */
export const RUNS = 60

export function ledgerContract(empty: Empty): void {
  describe('counts and reservations', () => {
    test(`${RUNS} random histories leave what a plain ledger says`, async () => {
      const { store, project } = await withProject(empty)
      let reservations = 0
      const nextId = () => `reservation-${String(reservations++).padStart(9, '0')}`
      const history = fc.asyncProperty(ledgerCommands, async (commands) => {
        const key = someKey(project)
        await addKey(store, key)
        const ledger = new ReferenceLedger([...ALL_SETTINGS])
        await fc.asyncModelRun(() => ({ model: ledger, real: { store, key, nextId } }), commands)
        // The next history begins without anything that is due.
        const end = Number.MAX_SAFE_INTEGER
        await store.expireReservations(end, 1000)
        await store.forgetReservations(end, 1000)
        await store.forgetChargeRequests(end, 1000)
      })
      await fc.assert(history, { numRuns: RUNS })
      expect(reservations).toBeGreaterThan(RUNS)
    })
  })
}
