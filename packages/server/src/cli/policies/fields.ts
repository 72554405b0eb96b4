import type { CreatePolicy, UpdatePolicy } from '@keysmith/client'
import type { Command } from 'commander'
import { defined } from '../defined.ts'
import { readSecondsOrNone } from '../duration.ts'
import { collectQuotas, collectRateLimits } from '../limits.ts'
import { collectOr } from '../repeatable.ts'

/** What `policy create` and `policy update` can set. `none` and `any` are words of their own. */
export interface FieldOptions {
  name?: string
  description?: string
  permission?: string[]
  model?: string[]
  ip?: string[]
  rateLimit?: NonNullable<CreatePolicy['rateLimits']>
  quota?: NonNullable<CreatePolicy['quotas']>
  maxLifetime?: number | 'none'
}

export function addFieldOptions(command: Command): Command {
  return command
    .option('--description <text>', 'notes for people; none = no notes')
    .option(
      '--permission <permission>',
      'what it adds to its keys, such as jobs:write; repeatable; none = nothing',
      collectOr('none'),
    )
    .option(
      '--model <model>',
      'an AI model its keys may use, or a prefix and *; repeatable; any, none',
      collectOr('any', 'none'),
    )
    .option('--ip <range>', 'where its keys may be used from; repeatable; any', collectOr('any'))
    .option(
      '--rate-limit <limit>',
      'per key, such as requests=600/1m; repeatable; none',
      collectRateLimits,
    )
    .option(
      '--quota <quota>',
      'per key, such as tokens=1000000/month; repeatable; none',
      collectQuotas,
    )
    .option(
      '--max-lifetime <duration>',
      'its keys end this long after they were created, such as 90d; none',
      readSecondsOrNone,
    )
}

/** The fields that were given. */
export function readFields(options: FieldOptions) {
  const { name, description, permission, model, ip, rateLimit, quota, maxLifetime } = options
  return defined({
    name,
    description: description === 'none' ? null : description,
    permissions: readList(permission),
    allowedModels: model?.[0] === 'any' ? null : readList(model),
    ipAllowlist: ip?.[0] === 'any' ? null : ip,
    rateLimits: rateLimit,
    quotas: quota,
    maxLifetimeSeconds: maxLifetime === 'none' ? null : maxLifetime,
  }) satisfies UpdatePolicy
}

function readList(items: string[] | undefined): string[] | undefined {
  return items?.[0] === 'none' ? [] : items
}
