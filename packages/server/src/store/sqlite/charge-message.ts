import type { QuotaPeriod } from '@keysmith/contract'
import type { ChargeOutcome, ChargeRequest } from '../quota-store.ts'

/**
 * A charge on its way to the writer thread. To copy a request of objects there costs as much as the
 * charge itself; lists are copied in a fifth of that time.
 */
export type PackedCharge = [
  now: number,
  keyId: string,
  keyRevision: number,
  projectId: string,
  projectRevision: number,
  policies: PackedPolicy[],
  charges: PackedQuota[],
  reservation: ChargeRequest['reservation'],
  idempotency: ChargeRequest['idempotency'],
]
type PackedPolicy = [id: string, revision: number]
type PackedQuota = [
  sourceId: string,
  name: string,
  limit: number,
  period: QuotaPeriod,
  periodStart: number,
  cost: number,
  reserve: number,
]

/** The way back. The usual outcome is the list of what remains: charged now, nothing reserved. */
export type PackedOutcome = number[] | ChargeOutcome

export function packCharge(request: ChargeRequest): PackedCharge {
  const { decidedBy, charges, reservation, idempotency, now } = request
  const { keyId, keyRevision, projectId, projectRevision, policies } = decidedBy
  return [
    now,
    keyId,
    keyRevision,
    projectId,
    projectRevision,
    policies.map(({ id, revision }): PackedPolicy => [id, revision]),
    charges.map(
      ({ sourceId, name, limit, period, periodStart, cost, reserve }): PackedQuota => [
        sourceId,
        name,
        limit,
        period,
        periodStart,
        cost,
        reserve,
      ],
    ),
    reservation,
    idempotency,
  ]
}

export function unpackCharge(packed: PackedCharge): ChargeRequest {
  const [now, keyId, keyRevision, projectId, projectRevision, policies, charges] = packed
  const [, , , , , , , reservation, idempotency] = packed
  return {
    decidedBy: {
      keyId,
      keyRevision,
      projectId,
      projectRevision,
      policies: policies.map(([id, revision]) => ({ id, revision })),
    },
    charges: charges.map(([sourceId, name, limit, period, periodStart, cost, reserve]) => ({
      sourceId,
      name,
      limit,
      period,
      periodStart,
      cost,
      reserve,
    })),
    reservation,
    idempotency,
    now,
  }
}

export function packOutcome(outcome: ChargeOutcome): PackedOutcome {
  const isUsual =
    outcome.outcome === 'charged' && outcome.reservationId === null && !outcome.isRepeated
  return isUsual ? outcome.remaining : outcome
}

export function unpackOutcome(packed: PackedOutcome): ChargeOutcome {
  if (!Array.isArray(packed)) return packed
  return { outcome: 'charged', remaining: packed, reservationId: null, isRepeated: false }
}
