import type { CachedKey } from '../keys/row-cache.ts'
import type { QuotaStore } from '../store/quota-store.ts'
import { exhausted, type LimitOutcome, namesOf, restByName } from './limit-outcome.ts'
import { quotaState } from './quota-state.ts'

/** A request that costs nothing is refused only when more was used than there is. */
export async function checkQuotas(
  store: Pick<QuotaStore, 'readCounters'>,
  { id, quotas }: CachedKey,
  now: number,
): Promise<LimitOutcome> {
  const counters = await store.readCounters([id])
  const rests = quotas.map((quota) => {
    const { used, reserved } = quotaState(quota, counters, now)
    return quota.limit - used - reserved
  })
  const overrun = rests.findIndex((rest) => rest < 0)
  if (overrun >= 0) return exhausted(quotas[overrun], now)
  const remaining = restByName(namesOf(quotas), rests)
  return { code: 'valid', remaining, reservationId: null, isRepeated: false }
}
