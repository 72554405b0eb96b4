import type { ImportKey, Quota, RateLimit } from '@keysmith/client'

/**
 * The limits of another system that mean the same here, with the columns that said them. They count
 * requests: `requests` is charged by every verification, as these systems do when a call names no cost.
 */
export interface TakenLimits {
  fields: Pick<ImportKey, 'rateLimits' | 'quotas'>
  columns: readonly string[]
}

export const NO_LIMITS: TakenLimits = { fields: {}, columns: [] }

/** Both. */
export function together(one: TakenLimits, other: TakenLimits): TakenLimits {
  const columns = [...one.columns, ...other.columns]
  const rateLimits = { ...one.fields.rateLimits, ...other.fields.rateLimits }
  return {
    fields: {
      ...one.fields,
      ...other.fields,
      ...(Object.keys(rateLimits).length > 0 && { rateLimits }),
    },
    columns,
  }
}

/** So much in a window; nothing when it is not whole or longer than windows are here. */
export function rateOf(
  name: string,
  { limit, windowMs }: { limit: unknown; windowMs: unknown },
  ...columns: string[]
): TakenLimits {
  const rate: RateLimit = { limit: toWhole(limit), windowSeconds: toWhole(windowMs) / 1000 }
  const { windowSeconds } = rate
  const isWindow =
    Number.isInteger(windowSeconds) && windowSeconds >= 1 && windowSeconds <= 2_678_400
  if (!isWindow || !(rate.limit >= 1 && rate.limit <= 10_000_000)) return NO_LIMITS
  return { fields: { rateLimits: { [name]: rate } }, columns }
}

/** What is left, once: what was used before cannot be imported. Of nothing the key is disabled instead. */
export function restOf(remaining: unknown, ...columns: string[]): TakenLimits {
  const quota: Quota = { limit: toWhole(remaining), period: 'none' }
  if (!(quota.limit >= 1)) return NO_LIMITS
  return { fields: { quotas: { requests: quota } }, columns }
}

/** NaN for what is no whole amount. */
function toWhole(value: unknown): number {
  const isText = typeof value === 'string' && /^\d{1,16}$/.test(value)
  const number = isText ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : Number.NaN
}
