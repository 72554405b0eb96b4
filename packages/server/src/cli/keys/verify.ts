import type { Question, Verdict } from '@keysmith/client'
import type { Command } from 'commander'
import { EXIT } from '../../exit.ts'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readPresentedSecret } from '../presented-secret.ts'
import { printJson } from '../print.ts'
import { collect } from '../repeatable.ts'
import { printFacts } from '../table.ts'
import { formatTime } from '../time.ts'

interface Options {
  permission?: string[]
  model?: string
  ip?: string
  json?: true
}

export function defineKeyVerify(command: Command): void {
  command
    .description('ask whether a secret is good; exit 7 when it is not')
    .argument('[secret]', 'the secret, or - for standard input; default: ask for it')
    .option('--permission <permission>', 'one the request needs; repeatable', collect)
    .option('--model <model>', 'the AI model of the request; none = it uses none')
    .option('--ip <address>', 'where the request comes from')
    .option('--json', 'print JSON')
    .action(verify)
}

async function verify(argument: string | undefined, { permission, model, ip, json }: Options) {
  const secret = await readPresentedSecret(argument)
  const question: Question = defined({
    permissions: permission,
    model: model === 'none' ? null : model,
    ip,
  })
  const verdict = await withClient((client) => client.verify(secret, question))
  if (json) printJson(verdict)
  else showVerdict(verdict)
  if (!verdict.valid) process.exitCode = EXIT.checkFailed
}

function showVerdict({ valid, code, key }: Verdict): void {
  printFacts({
    verdict: { text: code, tone: valid ? 'good' : 'bad' },
    ...(key && {
      id: key.id,
      name: key.name,
      owner: key.owner ?? '-',
      environment: key.environment,
      permissions: key.permissions.join(' ') || 'none',
      expires: formatTime(key.expiresAt, 'never'),
    }),
  })
}
