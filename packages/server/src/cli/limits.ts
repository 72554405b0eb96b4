import type { CreatePolicy, Policy } from '@keysmith/client'
import { InvalidArgumentError } from 'commander'
import { formatSpan, readSeconds } from './duration.ts'
import { formatList } from './table.ts'

type RateLimits = NonNullable<CreatePolicy['rateLimits']>
type Quotas = NonNullable<CreatePolicy['quotas']>
type Period = Quotas[string]['period']

const PERIODS: readonly Period[] = ['none', 'day', 'week', 'month']

/** Reads `requests=600/1m`, several times; `none` alone is no limit at all. */
export function collectRateLimits(text: string, before?: RateLimits): RateLimits {
  return collect(text, before, (limit, window) => {
    const windowSeconds = readSeconds(window)
    if (windowSeconds === 0) throw new InvalidArgumentError('A window is 1s or longer.')
    return { limit, windowSeconds }
  })
}

/** Reads `tokens=1000000/month`, several times; `none` alone is no quota at all. */
export function collectQuotas(text: string, before?: Quotas): Quotas {
  return collect(text, before, (limit, word) => {
    const period = PERIODS.find((known) => known === word)
    if (period) return { limit, period }
    throw new InvalidArgumentError(`A period is one of ${PERIODS.join(', ')}.`)
  })
}

function collect<Limit>(
  text: string,
  before: Record<string, Limit> | undefined,
  read: (limit: number, span: string) => Limit,
): Record<string, Limit> {
  if (text === 'none' && before === undefined) return {}
  const isEmptied = before !== undefined && Object.keys(before).length === 0
  if (text === 'none' || isEmptied) throw new InvalidArgumentError('Give none alone.')
  const [, name, limit, span] = /^([^=/]+)=(\d+)\/([^/]+)$/.exec(text) ?? []
  if (name === undefined || limit === undefined || span === undefined) {
    throw new InvalidArgumentError(
      'Give a name, a whole number and a span, such as requests=600/1m.',
    )
  }
  return { ...before, [name]: read(Number(limit), span) }
}

export function formatRateLimits(limits: Policy['rateLimits']): string | null {
  const texts = Object.entries(limits).map(
    ([name, { limit, windowSeconds }]) => `${name}=${limit}/${formatSpan(windowSeconds)}`,
  )
  return formatList(texts, '') || null
}

export function formatQuotas(quotas: Policy['quotas']): string | null {
  const texts = Object.entries(quotas).map(
    ([name, { limit, period }]) => `${name}=${limit}/${period}`,
  )
  return formatList(texts, '') || null
}
