import type { Key } from '@keysmith/client'
import { formatSpan } from '../duration.ts'
import { formatTime } from '../time.ts'

type Effective = Key['effective']
type EffectiveQuota = Effective['quotas'][number]

/** Every rate limit that applies: `600 requests in 1m`; null = there is none. */
export function formatRateLimits({ rateLimits }: Effective): string | null {
  const texts = rateLimits.map(
    ({ name, limit, windowSeconds, source }) =>
      `${formatAmount(limit)} ${name} in ${formatSpan(windowSeconds)}${formatSource(source)}`,
  )
  return texts.join('; ') || null
}

/** Every quota that applies, with what is used: `380 of 1,000 credits, resets ...`; null = there is none. */
export function formatQuotas({ quotas }: Effective): string | null {
  return quotas.map(formatQuota).join('; ') || null
}

export function formatQuota(quota: EffectiveQuota): string {
  const { reserved, resetsAt, source } = quota
  const parts = [
    formatUsed(quota),
    ...(reserved > 0 ? [`${formatAmount(reserved)} reserved`] : []),
    ...(resetsAt === null ? [] : [`resets ${formatTime(resetsAt, '')}`]),
  ]
  return parts.join(', ') + formatSource(source)
}

/** `tokens=5 credits=1`. */
export function formatAmounts(amounts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(amounts).map(([name, amount]) => `${name}=${amount}`)
  return texts.join(' ') || 'nothing'
}

export function formatAmount(amount: number): string {
  return amount.toLocaleString('en')
}

/** `380 of 1,000 credits`. */
export function formatUsed({ used, limit, name }: Pick<EffectiveQuota, 'used' | 'limit' | 'name'>) {
  return `${formatAmount(used)} of ${formatAmount(limit)} ${name}`
}

/** Only where it is not the key itself. */
function formatSource({ kind, id }: EffectiveQuota['source']): string {
  return kind === 'key' ? '' : ` (${kind} ${id})`
}
