import type { Scope } from './key-store.ts'

export type UsageResolution = 'hour' | 'day'

/** An amount to add to what was counted in the hour of `at`. */
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

export interface UsageStore {
  /** Adds counts; not audited. Counts of keys that are gone are dropped. */
  addUsage(counts: readonly UsageCount[]): Promise<void>
  /** Oldest first. A day that still has its hours is the sum of them. `to` is exclusive. */
  readUsage(query: {
    keyId: string
    scope: Scope
    resolution: UsageResolution
    from: number
    to: number
  }): Promise<UsageRow[]>
  /** Turns hours before this time into days, at most so many rows; gives how many rows were left. */
  rollUpUsage(before: number, limit: number): Promise<number>
}
