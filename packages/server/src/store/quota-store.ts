import type { QuotaPeriod } from '@keysmith/contract'
import type { Change, Scope, WriteOutcome } from './change.ts'

/** Which count is meant: that of one key, for a quota that the key, a policy or the project sets. */
export interface CounterId {
  keyId: string
  sourceId: string
  name: string
}

/** What was used of a quota, as it was last written: `period.ts` says what of it counts at a time. */
export interface QuotaCounter extends CounterId {
  period: QuotaPeriod
  /** Start of the period that `used` and `reserved` belong to, epoch ms; 0 for `none`. */
  periodStart: number
  used: number
  reserved: number
}

/** One quota of a request: what is taken, and the quota as the row said that the request was decided by. */
export interface QuotaCharge {
  sourceId: string
  name: string
  limit: number
  period: QuotaPeriod
  /** Start of the present period, epoch ms; 0 for `none`. */
  periodStart: number
  /** Added to what is used. */
  cost: number
  /** Added to what is reserved. */
  reserve: number
}

/** Which state of the records a request was decided by. */
export interface DecidedBy {
  keyId: string
  keyRevision: number
  projectId: string
  projectRevision: number
  policies: readonly { id: string; revision: number }[]
}

export interface ChargeRequest {
  decidedBy: DecidedBy
  /** All of them are taken, or none. Each quota of the key once. */
  charges: readonly QuotaCharge[]
  reservation: {
    id: string
    /** All amounts by name, also of names that the key has no quota for. */
    amounts: Readonly<Record<string, number>>
    expiresAt: number
    onExpiry: 'released' | 'charged'
  } | null
  /** The caller's name of the request: with it the request is charged once within 60 seconds. */
  idempotency: { actorId: string; key: string; fingerprint: string } | null
  now: number
}

/** A charge that was taken, now or at the first time of a repeated request. */
export interface Charged {
  outcome: 'charged'
  /** What is left of each quota of the request, in its order; never below 0. */
  remaining: number[]
  reservationId: string | null
  /** True for the repetition of a request: nothing was charged anew. */
  isRepeated: boolean
}

export type ChargeOutcome =
  | Charged
  /** Nothing was taken, since this one of `charges` (by its place) does not have that much left. */
  | { outcome: 'exhausted'; index: number }
  /** A record has changed since the request was decided: read it and decide again. Nothing was taken. */
  | { outcome: 'stale' }
  /** The idempotency key came with another request. Nothing was taken. */
  | { outcome: 'mismatch' }

/** How a reservation ended; the same for everybody who ends it later. Amounts by name. */
export interface EndedReservation {
  id: string
  keyId: string
  state: 'settled' | 'released' | 'expired'
  charged: Record<string, number>
  released: Record<string, number>
  /** Counted nowhere: an administrator has set the quota since. */
  dropped: Record<string, number>
  overrun: boolean
  endedAt: number
}

export interface ReservationEnd {
  id: string
  /** Of the calling token: a reservation of another project is not found. */
  scope: Scope
  /** What was really used, by name; null = give everything back. A name left out is charged as reserved. */
  cost: Readonly<Record<string, number>> | null
  now: number
}

/**
 * The durable counts. A charge is one conditional statement per quota inside the group commit: N
 * concurrent requests on a rest of K units are granted exactly K units. The reset of a period is part of
 * the statement. Every promise resolves after the commit.
 */
export interface QuotaStore {
  charge(request: ChargeRequest): Promise<ChargeOutcome>
  /**
   * Settles or releases. Who comes second gets the first answer with `isFirst: false`. `not_reserved` =
   * nothing was done, because `cost` has a name that was not reserved.
   */
  endReservation(
    end: ReservationEnd,
  ): Promise<
    | { outcome: 'ended'; isFirst: boolean; reservation: EndedReservation }
    | { outcome: 'absent' }
    | { outcome: 'not_reserved'; name: string }
  >
  /**
   * Ends the reservations whose time is over, the oldest first and at most so many. Gives those that it
   * ended, and those that a charge has ended before it was refused.
   */
  expireReservations(now: number, limit: number): Promise<EndedReservation[]>
  /** Forgets reservations that ended 24 hours ago, at most so many; gives how many. */
  forgetReservations(now: number, limit: number): Promise<number>
  /** Forgets idempotency keys of charges that are 60 seconds old, at most so many; gives how many. */
  forgetChargeRequests(now: number, limit: number): Promise<number>
  /** Sets what is used in the present period and starts a new generation: nothing is reserved any more. */
  setQuotaUsed(
    setting: CounterId & {
      projectId: string
      period: QuotaPeriod
      periodStart: number
      used: number
      updatedAt: number
    },
    change: Change,
  ): Promise<WriteOutcome>
  /** The counts of these keys. A quota that was never charged has none. */
  readCounters(keyIds: readonly string[]): Promise<QuotaCounter[]>
  /**
   * The answer of a charge that was made under this idempotency key within the last 60 seconds. `names`: of the
   * quotas that it was made on, in the order of `remaining`; the key may have others now.
   */
  findChargeRequest(
    actorId: string,
    key: string,
    now: number,
  ): Promise<{ fingerprint: string; names: string[]; charged: Charged } | null>
}

/** A verification with this idempotency key charges once within this time. */
export const CHARGE_REQUEST_TTL_MS = 60_000
/** How long the answer of an ended reservation is kept. */
export const ENDED_RESERVATION_TTL_MS = 86_400_000
