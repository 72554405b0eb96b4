import { onTestFinished } from 'vitest'
import type { Empty, Open } from './contract/_opened.ts'
import { atomicityContract } from './contract/atomicity.contract.ts'
import { auditContract } from './contract/audit.contract.ts'
import { importedContract } from './contract/imported.contract.ts'
import { keysContract } from './contract/keys.contract.ts'
import { ledgerContract } from './contract/ledger.contract.ts'
import { lifeContract } from './contract/life.contract.ts'
import { pagesContract } from './contract/pages.contract.ts'
import { policiesContract } from './contract/policies.contract.ts'
import { projectsContract } from './contract/projects.contract.ts'
import { quotasContract } from './contract/quotas.contract.ts'
import { limitsLifeContract, reservationsContract } from './contract/reservations.contract.ts'
import { tokensContract } from './contract/tokens.contract.ts'
import { usageContract } from './contract/usage.contract.ts'
import { verificationContract } from './contract/verification.contract.ts'

/**
 * What every adapter of `KeyStore` promises. `open` gives an empty storage of its own to each test.
 */
export function keyStoreContract({ open }: { open: Open }): void {
  const empty: Empty = async () => {
    const { store, cleanUp } = await open()
    onTestFinished(async () => {
      await store.close().catch(() => {})
      await cleanUp()
    })
    return store
  }
  projectsContract(empty)
  keysContract(empty)
  policiesContract(empty)
  importedContract(empty)
  tokensContract(empty)
  verificationContract(empty)
  atomicityContract(empty)
  auditContract(empty)
  pagesContract(empty)
  quotasContract(empty)
  reservationsContract(empty)
  limitsLifeContract(open)
  usageContract(empty)
  ledgerContract(empty)
  lifeContract(open, empty)
}
