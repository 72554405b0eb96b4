import type { Project, UpdateProject } from '@keysmith/client'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { defined } from '../defined.ts'
import { formatSpan, readSecondsOrNone } from '../duration.ts'
import { collectQuotas, collectRateLimits, formatQuotas, formatRateLimits } from '../limits.ts'
import { collectOr, collectPairs } from '../repeatable.ts'
import { formatList } from '../table.ts'

type Delivery = NonNullable<Project['allowedDelivery']>[number]

/** What a project can say about its keys. `none` and `any` are words of their own. */
export interface BoundOptions {
  defaultRateLimit?: NonNullable<UpdateProject['defaultRateLimits']>
  defaultQuota?: NonNullable<UpdateProject['defaultQuotas']>
  maxLifetime?: number | 'none'
  model?: string[]
  specialPermission?: Record<string, string>
  delivery?: Delivery[] | ['any']
  reservationExpiry?: Project['reservationExpiry']
}

const DELIVERIES: readonly Delivery[] = ['sealed', 'handoff', 'state', 'none', 'own']

export function addBoundOptions(command: Command): Command {
  return command
    .option(
      '--default-rate-limit <limit>',
      'of keys without one, such as requests=600/1m; repeatable; none',
      collectRateLimits,
    )
    .option(
      '--default-quota <quota>',
      'of keys without one, such as tokens=1000000/month; repeatable; none',
      collectQuotas,
    )
    .option(
      '--max-lifetime <duration>',
      'keys end this long after they were created, such as 90d; none',
      readSecondsOrNone,
    )
    .option('--model <model>', 'a model that forms offer; repeatable; none', collectOr('none'))
    .option(
      '--special-permission <name=label>',
      'a permission that forms offer by its label; repeatable; none',
      collectPairs,
    )
    .option(
      '--delivery <way>',
      `how Terraform may deliver secrets: ${DELIVERIES.join(', ')}; repeatable; any`,
      collectDelivery,
    )
    .addOption(
      new Option('--reservation-expiry <end>', 'what becomes of forgotten reservations').choices([
        ...['released', 'charged'],
      ]),
    )
}

/** The bounds that were given. */
export function readBounds(options: BoundOptions) {
  const { model, specialPermission, delivery, maxLifetime } = options
  return defined({
    defaultRateLimits: options.defaultRateLimit,
    defaultQuotas: options.defaultQuota,
    maxLifetimeSeconds: maxLifetime === 'none' ? null : maxLifetime,
    models: model?.[0] === 'none' ? [] : model,
    specialPermissions:
      specialPermission &&
      Object.entries(specialPermission).map(([name, label]) => ({ name, label })),
    allowedDelivery: isAny(delivery) ? null : delivery,
    reservationExpiry: options.reservationExpiry,
  }) satisfies UpdateProject
}

/** What of them a project sets, as facts for people. */
export function boundFacts(project: Project): Record<string, string | null> {
  const { maxLifetimeSeconds, models, specialPermissions, allowedDelivery } = project
  return {
    'default rate limits': formatRateLimits(project.defaultRateLimits),
    'default quotas': formatQuotas(project.defaultQuotas),
    'max lifetime': maxLifetimeSeconds === null ? null : formatSpan(maxLifetimeSeconds),
    models: formatList(models, '') || null,
    'special permissions': specialPermissions.map(({ name }) => name).join(' ') || null,
    delivery: allowedDelivery && formatList(allowedDelivery, ''),
    'forgotten reservations': project.reservationExpiry,
  }
}

const collectWays = collectOr('any')

function collectDelivery(text: string, before?: string[]): string[] {
  if (text === 'any' || DELIVERIES.some((known) => known === text)) return collectWays(text, before)
  throw new InvalidArgumentError(`A way is one of ${DELIVERIES.join(', ')}, or any.`)
}

function isAny(delivery: BoundOptions['delivery']): delivery is ['any'] {
  return delivery?.[0] === 'any'
}
