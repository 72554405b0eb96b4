import type { Key, Quota, RateLimit } from '@keysmith/client'
import { InvalidArgumentError } from 'commander'
import { formatSpan, readSeconds } from './duration.ts'
import { formatList } from './table.ts'

const LIMITS_MAX = 8
const NAME = /^[a-z][a-z0-9_]{0,31}$/
const PERIODS: readonly string[] = ['none', 'day', 'week', 'month'] satisfies Quota['period'][]

/** Reads `requests=600/1m`, several times; `none` alone is no limit at all. */
export const collectRateLimits = collectNamed(readRateLimit, 'requests=600/1m')

/** Reads `tokens=1000000/month`, several times; `none` alone is no quota at all. */
export const collectQuotas = collectNamed(readQuota, 'tokens=1000000/month')

/** Reads `name=amount`, several times. */
export const collectAmounts = collectNamed(readAmount, 'tokens=5')

export function readAmount(text: string): number {
  const amount = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(amount)) return amount
  throw new InvalidArgumentError('An amount is a whole number from 0 to 9007199254740991.')
}

/** Reads the name of a limit. */
export function readLimitName(text: string): string {
  if (NAME.test(text)) return text
  throw new InvalidArgumentError('A name has small letters, digits and _, 32 at most.')
}

/** Reads `name=value`, several times; `none` is no value at all. */
function collectNamed<Value>(read: (text: string) => Value, example: string) {
  return (text: string, before?: Record<string, Value>): Record<string, Value> => {
    const known = Object.entries(before ?? {})
    if (text === 'none' && !before) return {}
    if (text === 'none' || (before && known.length === 0)) {
      throw new InvalidArgumentError('Give none alone.')
    }
    const at = text.indexOf('=')
    if (at < 1) throw new InvalidArgumentError(`Give it as in ${example}.`)
    const name = readLimitName(text.slice(0, at))
    if (known.some(([other]) => other === name)) {
      throw new InvalidArgumentError(`Give ${name} once.`)
    }
    if (known.length === LIMITS_MAX) throw new InvalidArgumentError(`Give ${LIMITS_MAX} at most.`)
    return { ...before, [name]: read(text.slice(at + 1)) }
  }
}

function readRateLimit(text: string): RateLimit {
  const [, limit = '', window = ''] = /^(\d{1,8})\/(.+)$/.exec(text) ?? []
  const rate = { limit: Number(limit), windowSeconds: window === '' ? 0 : readWindow(window) }
  if (rate.limit >= 1 && rate.limit <= 10_000_000 && rate.windowSeconds >= 1) return rate
  throw new InvalidArgumentError(
    'Give name=limit/window with a limit from 1 to 10000000, such as requests=600/1m.',
  )
}

function readWindow(text: string): number {
  const seconds = readSeconds(text)
  if (seconds <= 2_678_400) return seconds
  throw new InvalidArgumentError('A window has 31d at most; what is longer is a --quota.')
}

function readQuota(text: string): Quota {
  const [, limit = '', period = ''] = /^(\d{1,16})\/(\w+)$/.exec(text) ?? []
  if (!isPeriod(period) || !Number.isSafeInteger(Number(limit))) {
    throw new InvalidArgumentError(
      'Give name=limit/period with none, day, week or month, such as tokens=1000000/month.',
    )
  }
  return { limit: Number(limit), period }
}

function isPeriod(text: string): text is Quota['period'] {
  return PERIODS.includes(text)
}

export function formatRateLimits(limits: Key['rateLimits']): string | null {
  const texts = Object.entries(limits).map(
    ([name, { limit, windowSeconds }]) => `${name}=${limit}/${formatSpan(windowSeconds)}`,
  )
  return formatList(texts, '') || null
}

export function formatQuotas(quotas: Record<string, Quota>): string | null {
  const texts = Object.entries(quotas).map(
    ([name, { limit, period }]) => `${name}=${limit}/${period}`,
  )
  return formatList(texts, '') || null
}
