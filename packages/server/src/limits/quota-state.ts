import type { QuotaCounter } from '../store/quota-store.ts'
import type { EffectiveQuota } from './effective-limits.ts'
import { periodEnd, periodStart } from './period.ts'

/** What of a quota is used at a time. */
export interface QuotaState {
  used: number
  reserved: number
  /** Epoch ms; null = never. */
  resetsAt: number | null
}

/** What the counter says at `now`: nothing of it counts once its period is over. */
export function quotaState(
  { name, source, period }: EffectiveQuota,
  counters: readonly QuotaCounter[],
  now: number,
): QuotaState {
  const counter = counters.find((each) => each.sourceId === source.id && each.name === name)
  const resetsAt = periodEnd(period, now)
  if (!counter || isOver(counter, period, now)) return { used: 0, reserved: 0, resetsAt }
  return { used: counter.used, reserved: counter.reserved, resetsAt }
}

/** A count goes on when its quota was given another kind of period: nothing that was charged is forgotten. */
function isOver(counter: QuotaCounter, period: EffectiveQuota['period'], now: number): boolean {
  return counter.period === period && counter.periodStart < periodStart(period, now)
}
