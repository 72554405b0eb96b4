import { MAX_USAGE_POINTS, type UsageQuery } from '@keysmith/contract'
import { invalidField } from '../errors.ts'
import { readTime } from '../keys/expiry.ts'
import type { UsageResolution } from '../store/usage-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const POINT_MS = { hour: HOUR_MS, day: DAY_MS }
const DEFAULT_MS = { hour: DAY_MS, day: 30 * DAY_MS }

/** Which points are asked for: those that begin at `from` or later, and before `to`. */
export interface UsageRange {
  resolution: UsageResolution
  /** Start of an hour or day, epoch ms. */
  from: number
  to: number
}

export function readUsageRange(query: UsageQuery, now: number): UsageRange {
  const { resolution = 'hour' } = query
  const to = query.to === undefined ? now : readTime('to', query.to)
  const wanted =
    query.from === undefined ? to - DEFAULT_MS[resolution] : readTime('from', query.from)
  if (wanted > to) throw invalidField('from', `give a time before ${query.to ? 'to' : 'now'}`)
  const pointMs = POINT_MS[resolution]
  const from = startOf(wanted, pointMs)
  if ((to - from) / pointMs > MAX_USAGE_POINTS) {
    const fix = resolution === 'hour' ? ', or ask for resolution=day' : ''
    throw invalidField(
      'from',
      `give a later time: an answer has ${MAX_USAGE_POINTS} points at most${fix}`,
    )
  }
  return { resolution, from, to }
}

/** Where the last point ends: points are whole. */
export function endOfPoints({ resolution, to }: UsageRange): number {
  const pointMs = POINT_MS[resolution]
  return startOf(to + pointMs - 1, pointMs)
}

/** Rounds down also before 1970. */
function startOf(at: number, pointMs: number): number {
  return Math.floor(at / pointMs) * pointMs
}
