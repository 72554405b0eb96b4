import { DEFAULT_RESERVE_SECONDS } from '@keysmith/contract'
import { generateId } from '@keysmith/key-format'
import { ApiError } from '../errors.ts'
import type { CachedKey } from '../keys/row-cache.ts'
import type { Charged, ChargeRequest, QuotaStore } from '../store/quota-store.ts'
import { costOf, reserveOf } from './amounts.ts'
import { fingerprintOf } from './charge-request.ts'
import { checkQuotas } from './check-quotas.ts'
import { exhausted, type LimitOutcome, namesOf, restByName, type Taking } from './limit-outcome.ts'
import type { Limiter, RateTake } from './limiter.ts'
import { periodStart } from './period.ts'

export interface LimitDeps {
  store: Pick<QuotaStore, 'charge' | 'readCounters' | 'findChargeRequest'>
  limiter: Limiter
}

const VALID: LimitOutcome = {
  code: 'valid',
  remaining: null,
  reservationId: null,
  isRepeated: false,
}

/**
 * Steps 10 and 11: takes what the request costs from every limit of the key, or nothing from any. Rate
 * limits are counted in this turn; quotas are charged on disk before the promise resolves.
 */
export function takeLimits(deps: LimitDeps, taking: Taking): LimitOutcome | Promise<LimitOutcome> {
  const { row, amounts, request } = taking
  const { quotas } = row
  if (row.rates.length === 0 && quotas.length === 0 && !request.reserve) return VALID
  const takes = row.rates.map((rate) => ({
    rate,
    amount: costOf(amounts, rate.name) + reserveOf(amounts, rate.name),
  }))
  const isCharged =
    request.reserve !== undefined || quotas.some(({ name }) => costOf(amounts, name) > 0)
  if (isCharged) return chargeOnce(deps, taking, takes)
  const refusal = takeRates(deps.limiter, takes)
  if (refusal || quotas.length === 0) return refusal ?? VALID
  return refund(deps.limiter, takes, checkQuotas(deps.store, row, taking.now))
}

function takeRates(limiter: Limiter, takes: readonly RateTake[]): LimitOutcome | null {
  if (takes.length === 0) return null
  const refusal = limiter.take(takes)
  if (!refusal) return null
  const { rate, retryAfterMs } = refusal
  return { code: 'rate_limited', rateLimit: rate.name, retryAfterMs }
}

/** The rate limits get back what they gave when the quotas do not. */
async function refund(
  limiter: Limiter,
  takes: readonly RateTake[],
  outcome: Promise<LimitOutcome>,
): Promise<LimitOutcome> {
  let isTaken = false
  try {
    const found = await outcome
    isTaken = found.code === 'valid' && !found.isRepeated
    return found
  } finally {
    if (!isTaken) limiter.giveBack(takes)
  }
}

/** A request that was charged under the same key before gets that answer, and takes nothing again. */
async function chargeOnce(
  deps: LimitDeps,
  taking: Taking,
  takes: readonly RateTake[],
): Promise<LimitOutcome> {
  const { requestKey, now } = taking
  const idempotency = requestKey && { ...requestKey, fingerprint: fingerprintOf(taking) }
  if (idempotency) {
    const earlier = await deps.store.findChargeRequest(idempotency.actorId, idempotency.key, now)
    if (earlier && earlier.fingerprint !== idempotency.fingerprint) throw mismatch()
    if (earlier) return presentCharged(earlier.names, earlier.charged)
  }
  const refusal = takeRates(deps.limiter, takes)
  return refusal ?? refund(deps.limiter, takes, charge(deps, taking, idempotency))
}

async function charge(
  { store }: LimitDeps,
  taking: Taking,
  idempotency: ChargeRequest['idempotency'],
): Promise<LimitOutcome> {
  const { row, amounts, now } = taking
  const { quotas } = row
  const result = await store.charge({
    decidedBy: decidedBy(row),
    charges: quotas.map((quota) => ({
      sourceId: quota.source.id,
      name: quota.name,
      limit: quota.limit,
      period: quota.period,
      periodStart: periodStart(quota.period, now),
      cost: costOf(amounts, quota.name),
      reserve: reserveOf(amounts, quota.name),
    })),
    reservation: reservationOf(taking),
    idempotency,
    now,
  })
  switch (result.outcome) {
    case 'charged':
      return presentCharged(namesOf(quotas), result)
    case 'exhausted':
      return exhausted(quotas[result.index], now)
    case 'stale':
      return { code: 'stale' }
    case 'mismatch':
      throw mismatch()
  }
}

function decidedBy({ id, revision, project, policies }: CachedKey): ChargeRequest['decidedBy'] {
  return {
    keyId: id,
    keyRevision: revision,
    projectId: project.id,
    projectRevision: project.revision,
    policies,
  }
}

function reservationOf({ row, request, amounts, now }: Taking): ChargeRequest['reservation'] {
  if (!request.reserve) return null
  const { reserveSeconds = DEFAULT_RESERVE_SECONDS } = request
  return {
    id: generateId(),
    amounts: amounts.reserve,
    expiresAt: now + reserveSeconds * 1000,
    onExpiry: row.project.reservationExpiry,
  }
}

function presentCharged(names: readonly string[], charged: Charged): LimitOutcome {
  const { reservationId, isRepeated } = charged
  const remaining = restByName(names, charged.remaining)
  return { code: 'valid', remaining, reservationId, isRepeated }
}

function mismatch(): ApiError {
  return new ApiError('idempotency_mismatch', {
    detail: 'This Idempotency-Key came with another request before. Use a new one.',
  })
}
