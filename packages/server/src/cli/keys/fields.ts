import type { CreateKey, Key, UpdateKey } from '@keysmith/client'
import { type Command, Option } from 'commander'
import { defined } from '../defined.ts'
import { fromNow, readDurationOrNever, readSeconds } from '../duration.ts'
import { collectOr, collectPairs } from '../repeatable.ts'
import { addLimitOptions, type LimitOptions } from './limit-options.ts'

/** What `key create` and `key update` can set of a key. `none`, `any` and `never` are words of their own. */
export interface FieldOptions extends LimitOptions {
  owner?: string
  description?: string
  permission?: string[]
  model?: string[]
  ip?: string[]
  expiresIn?: number | 'never'
  metadata?: Record<string, string>
  tag?: Record<string, string>
  rotateEvery?: number | 'never'
  overlap?: number
  deletionProtection?: 'on' | 'off'
}

const DAY_SECONDS = 86_400

export function addFieldOptions(command: Command): Command {
  return addLimitOptions(addAccessOptions(command))
    .option('--expires-in <duration>', 'such as 90d; never', readDurationOrNever)
    .option(
      '--metadata <name=value>',
      'given back by verifications; repeatable; none',
      collectPairs,
    )
    .option('--tag <name=value>', 'for grouping; repeatable; none', collectPairs)
    .option('--rotate-every <duration>', 'when a rotation is due; never', readDurationOrNever)
    .option('--overlap <duration>', 'how long the old secret then works, such as 24h', readSeconds)
    .addOption(
      new Option('--deletion-protection [state]', 'refuse to revoke it')
        .choices(['on', 'off'])
        .preset('on'),
    )
}

function addAccessOptions(command: Command): Command {
  return command
    .option('--owner <owner>', 'whom it is for; none = nobody')
    .option('--description <text>', 'notes for people; none = no notes')
    .option(
      '--permission <permission>',
      'what it may do, such as jobs:write; repeatable; none = nothing',
      collectOr('none'),
    )
    .option(
      '--model <model>',
      'an AI model it may use, or a prefix and *; repeatable; any, none',
      collectOr('any', 'none'),
    )
    .option('--ip <range>', 'where it may be used from; repeatable; any', collectOr('any'))
}

/** The fields that were given, but for the rotation. */
export function readFields({ model, ip, expiresIn, tag, policy, ...options }: FieldOptions) {
  const { owner, description, permission, metadata, deletionProtection } = options
  return defined({
    owner: readText(owner),
    description: readText(description),
    permissions: readList(permission),
    allowedModels: model?.[0] === 'any' ? null : readList(model),
    ipAllowlist: ip?.[0] === 'any' ? null : ip,
    rateLimits: options.rateLimit,
    quotas: options.quota,
    policyIds: readList(policy),
    metadata,
    tags: tag,
    expiresAt: typeof expiresIn === 'number' ? fromNow(expiresIn) : expiresIn && null,
    deletionProtection: deletionProtection && deletionProtection === 'on',
  }) satisfies Omit<CreateKey, 'name'> & UpdateKey
}

/** The rotation: what is not given stays as it is. */
export function readRotation(
  { rotateEvery, overlap }: FieldOptions,
  present: Key['rotation'],
): { rotation?: Key['rotation'] } {
  if (rotateEvery === undefined && overlap === undefined) return {}
  if (rotateEvery === 'never' && overlap === undefined) return { rotation: null }
  const everySeconds =
    rotateEvery === undefined ? (present?.everySeconds ?? null) : secondsOf(rotateEvery)
  return {
    rotation: {
      everySeconds,
      overlapSeconds: overlap ?? present?.overlapSeconds ?? DAY_SECONDS,
    },
  }
}

function secondsOf(rotateEvery: number | 'never'): number | null {
  return rotateEvery === 'never' ? null : rotateEvery / 1000
}

function readText(text: string | undefined): string | null | undefined {
  return text === 'none' ? null : text
}

function readList(items: string[] | undefined): string[] | undefined {
  return items?.[0] === 'none' ? [] : items
}
