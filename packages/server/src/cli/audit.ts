import type { Command } from 'commander'
import { EXIT } from '../exit.ts'
import { askService } from './ask-service.ts'
import { printJson, printLine } from './print.ts'

type ChainCheck =
  | { ok: true; events: number; head: string }
  | { ok: false; seq: number; reason: string }

export function defineAudit(audit: Command): void {
  audit
    .command('verify')
    .description('walk the hash chain of the audit log; exit 7 when it is broken')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const check = await askService<ChainCheck>({ method: 'GET', path: '/control/audit-chain' })
      if (json) printJson(check)
      else if (check.ok) printLine(`ok  ${check.events} events, head ${check.head}`)
      else printLine(`broken at event ${check.seq}: ${check.reason}`)
      if (!check.ok) process.exitCode = EXIT.checkFailed
    })
}
