import type { Quota, RateLimit } from '@keysmith/client'
import type { Command } from 'commander'
import { readId } from '../ids.ts'
import { collectQuotas, collectRateLimits } from '../limits.ts'
import { collectOr } from '../repeatable.ts'

/** Limits of a key by name; an empty map takes all away. */
export interface LimitOptions {
  rateLimit?: Record<string, RateLimit>
  quota?: Record<string, Quota>
  policy?: string[]
}

export function addLimitOptions(command: Command): Command {
  return command
    .option(
      '--rate-limit <name=limit/window>',
      'such as requests=600/1m, with s, m, h or d; repeatable; none',
      collectRateLimits,
    )
    .option(
      '--quota <name=limit/period>',
      'such as tokens=1000000/month; day, week, month, or none = for ever; repeatable; none',
      collectQuotas,
    )
    .option('--policy <id>', 'a policy it has; repeatable; none', collectPolicies)
}

function collectPolicies(text: string, before?: readonly string[]): string[] {
  return collectOr('none')(text === 'none' ? text : readId(text), before)
}
