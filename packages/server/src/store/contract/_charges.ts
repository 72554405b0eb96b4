import { generateId } from '@keysmith/key-format'
import { expect } from 'vitest'
import type { Key } from '../../keys/key.ts'
import type { KeyStore } from '../key-store.ts'
import type { ChargeRequest, QuotaCharge } from '../quota-store.ts'
import { changeOf, NOW } from './_records.ts'

/** 00:00 UTC of the day of `NOW`. */
export const TODAY = NOW - (NOW % 86_400_000)
export const TOMORROW = TODAY + 86_400_000

const ACCOUNT = { limit: 100, period: 'none', periodStart: 0 } as const

/** A quota of the key itself. */
function someCharge(key: Pick<Key, 'id'>, overrides: Partial<QuotaCharge> = {}): QuotaCharge {
  return { sourceId: key.id, name: 'credits', ...ACCOUNT, cost: 0, reserve: 0, ...overrides }
}

export function someRequest(
  key: Pick<Key, 'id' | 'projectId' | 'revision'>,
  charges: readonly Partial<QuotaCharge>[],
  overrides: Partial<Omit<ChargeRequest, 'charges'>> = {},
): ChargeRequest {
  return {
    decidedBy: {
      keyId: key.id,
      keyRevision: key.revision,
      projectId: key.projectId,
      projectRevision: 1,
      policies: [],
    },
    charges: charges.map((charge) => someCharge(key, charge)),
    reservation: null,
    idempotency: null,
    now: NOW,
    ...overrides,
  }
}

/** What is reserved by the charges, as a reservation that ends in five minutes. */
export function someReservation(
  amounts: Record<string, number>,
  overrides: Partial<NonNullable<ChargeRequest['reservation']>> = {},
): NonNullable<ChargeRequest['reservation']> {
  return {
    id: generateId(),
    amounts,
    expiresAt: NOW + 300_000,
    onExpiry: 'released',
    ...overrides,
  }
}

/** Reserves tokens of a key with 100 of them, and gives the id. */
export async function reserve(
  store: KeyStore,
  key: Key,
  tokens: number,
  overrides: Partial<NonNullable<ChargeRequest['reservation']>> = {},
  charge: Partial<QuotaCharge> = {},
): Promise<string> {
  const reservation = someReservation({ tokens }, overrides)
  const charges = [{ name: 'tokens', reserve: tokens, ...charge }]
  const outcome = await store.charge(someRequest(key, charges, { reservation }))
  expect(outcome).toMatchObject({ outcome: 'charged', reservationId: reservation.id })
  return reservation.id
}

/** Used and reserved by name. */
export async function counts(store: KeyStore, key: Pick<Key, 'id'>) {
  const counters = await store.readCounters([key.id])
  return Object.fromEntries(counters.map(({ name, used, reserved }) => [name, [used, reserved]]))
}

export function idempotencyOf(key: string, fingerprint = 'first') {
  return { actorId: 'actor1', key, fingerprint }
}

/** An administrator sets what was used of a quota of the key itself. */
export function setUsed(
  store: KeyStore,
  key: Key,
  name: string,
  used: number,
  period: Pick<QuotaCharge, 'period' | 'periodStart'> = ACCOUNT,
) {
  const { id: keyId, projectId } = key
  const { period: kind, periodStart } = period
  const counter = { keyId, sourceId: keyId, name, period: kind, periodStart }
  return store.setQuotaUsed(
    { ...counter, projectId, used, updatedAt: NOW + 1 },
    changeOf({ kind: 'key', id: keyId }, { action: 'key.quota_set', projectId }),
  )
}
