import type { Question, Verdict } from '@keysmith/client'
import type { Command } from 'commander'
import { EXIT } from '../../exit.ts'
import { withClient } from '../client.ts'
import { defined } from '../defined.ts'
import { readSeconds } from '../duration.ts'
import { collectAmounts } from '../limits.ts'
import { readPresentedSecret } from '../presented-secret.ts'
import { printJson } from '../print.ts'
import { collect } from '../repeatable.ts'
import { type Cell, printFacts } from '../table.ts'
import { formatTime } from '../time.ts'
import { formatAmounts } from './present-limits.ts'

interface Options {
  permission?: string[]
  model?: string
  ip?: string
  cost?: Record<string, number>
  reserve?: Record<string, number>
  reserveFor?: number
  json?: true
}

export function defineKeyVerify(command: Command): void {
  command
    .description('ask whether a secret is good; exit 7 when it is not')
    .argument('[secret]', 'the secret, or - for standard input; default: ask for it')
    .option('--permission <permission>', 'one the request needs; repeatable', collect)
    .option('--model <model>', 'the AI model of the request; none = it uses none')
    .option('--ip <address>', 'where the request comes from')
    .option('--cost <name=amount>', 'charged when it is good; repeatable', collectAmounts)
    .option('--reserve <name=amount>', 'held until it is settled; repeatable', collectAmounts)
    .option('--reserve-for <duration>', 'how long it is held; default 5m', readSeconds)
    .option('--json', 'print JSON')
    .action(verify)
}

async function verify(argument: string | undefined, { json, ...options }: Options) {
  const secret = await readPresentedSecret(argument)
  const question = readQuestion(options)
  const verdict = await withClient((client) => client.verify(secret, question))
  if (json) printJson(verdict)
  else showVerdict(verdict)
  if (!verdict.valid) process.exitCode = EXIT.checkFailed
}

function readQuestion({ permission, model, ip, cost, reserve, reserveFor }: Options): Question {
  return defined({
    permissions: permission,
    model: model === 'none' ? null : model,
    ip,
    cost,
    reserve,
    reserveSeconds: reserveFor,
  })
}

function showVerdict(verdict: Verdict): void {
  const { valid, code, key } = verdict
  printFacts({
    verdict: { text: code, tone: valid ? 'good' : 'bad' },
    ...limitFacts(verdict),
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

/** What was taken of the limits of the key, or which one refused. */
function limitFacts(verdict: Verdict): Record<string, Cell> {
  if (verdict.valid) {
    const { remaining, reservationId } = verdict
    return {
      ...(reservationId && { reservation: reservationId }),
      ...(remaining && { remaining: formatAmounts(remaining) }),
    }
  }
  const { code, rateLimit, retryAfterMs, quota, resetsAt } = verdict
  if (code === 'rate_limited') {
    const wait = retryAfterMs == null ? 'never passes' : `passes in ${retryAfterMs / 1000} s`
    return { limit: `${rateLimit}, ${wait}` }
  }
  if (code !== 'quota_exhausted') return {}
  return {
    limit: `${quota}, ${resetsAt == null ? 'for ever' : `until ${formatTime(resetsAt, '')}`}`,
  }
}
