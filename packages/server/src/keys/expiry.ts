import { invalidField } from '../errors.ts'

const DAY_MS = 86_400_000

export interface ExpiryWish {
  /** RFC 3339, or null for never. */
  expiresAt?: string | null | undefined
  expiresInDays?: number | undefined
}

/**
 * The end that was asked for in epoch ms: null = never, undefined = nothing was said. It must lie in
 * the future.
 */
export function readExpiry({ expiresAt, expiresInDays }: ExpiryWish, now: number) {
  if (expiresInDays !== undefined) {
    if (expiresAt !== undefined) {
      throw invalidField('expiresInDays', 'give either expiresAt or expiresInDays, not both')
    }
    return now + expiresInDays * DAY_MS
  }
  if (expiresAt === undefined || expiresAt === null) return expiresAt
  const end = readTime('expiresAt', expiresAt)
  if (end <= now) throw invalidField('expiresAt', 'give a time in the future')
  return end
}

/** Epoch ms. The grammar of RFC 3339 allows leap seconds, which epoch time does not have. */
export function readTime(field: string, text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw invalidField(field, 'give a time such as 2027-02-21T09:30:00Z')
  return time
}

export function daysFrom(now: number, days: number | null): number | null {
  return days === null ? null : now + days * DAY_MS
}
