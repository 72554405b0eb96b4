import { LastUsed } from './keys/last-used.ts'
import { ReservationExpiry } from './limits/expire-reservations.ts'
import { UsageCounts } from './limits/usage-counts.ts'
import { UsageRetention } from './limits/usage-retention.ts'
import type { Log } from './log.ts'
import type { KeyStore } from './store/key-store.ts'
import { WriteBehind } from './write-behind.ts'

/** What goes on beside the answers: what is written a second later, and what ends by itself. */
export function startBackgroundWork(deps: { store: KeyStore; log: Log; now: () => number }) {
  const { store, log, now } = deps
  const lastUsed = new LastUsed(store, (err) => log.warn({ err }, 'last use was not written'))
  const usage = new UsageCounts({ store, log })
  const writeBehind = new WriteBehind([lastUsed, usage])
  const retention = new UsageRetention({ store, log, now })
  const expiry = new ReservationExpiry({ store, usage, now }, (err) =>
    log.warn({ err }, 'reservations were not ended'),
  )
  /** Writes what is left last: the end of a reservation is usage. */
  const close = async () => {
    await expiry.close()
    await retention.close()
    await writeBehind.close()
  }
  return { lastUsed, usage, close }
}
