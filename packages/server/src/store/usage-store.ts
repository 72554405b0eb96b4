import type { Scope } from './change.ts'

export type UsageResolution = 'hour' | 'day'

/** An amount to add to what was counted for a key in an hour. */
export interface UsageCount {
  keyId: string
  /** Start of the hour, epoch ms. */
  hour: number
  /** `charged`: `name` is that of a limit; `verdict`: it is a verdict code. */
  kind: 'charged' | 'verdict'
  name: string
  amount: number
}

export interface UsageRow {
  /** Start of the hour or day, epoch ms. */
  start: number
  kind: UsageCount['kind']
  name: string
  amount: number
}

export interface UsageQuery {
  keyId: string
  scope: Scope
  resolution: UsageResolution
  /** Start of an hour or a day (UTC), epoch ms. */
  from: number
  /** Start of an hour or a day, exclusive. */
  to: number
}

export interface UsageStore {
  /**
   * Adds counts, all of them or none; not audited. Those of keys that are gone are found by nobody; dropped are charged
   * names beyond `MAX_USAGE_NAMES` of a key and hour. A sum stops at 2^53 - 1.
   */
  addUsage(counts: readonly UsageCount[]): Promise<void>
  /** Oldest first. A day is the sum of what it has: the hours it still has, and what was rolled up. */
  readUsage(query: UsageQuery): Promise<UsageRow[]>
  /**
   * Turns hours that began before this time into days, the oldest first, at most so many rows. Gives how many
   * it turned: fewer than `limit` = none are left. No sum of a day changes.
   */
  rollUpUsage(before: number, limit: number): Promise<number>
}
