import type { VerifyRequest } from '@keysmith/contract'
import { invalidField } from '../errors.ts'

/** What a request takes, by name. */
export interface RequestAmounts {
  cost: Readonly<Record<string, number>>
  reserve: Readonly<Record<string, number>>
}

const NOTHING: RequestAmounts = { cost: {}, reserve: {} }

/** The amounts of a request. A bare number means credits. */
export function readAmounts({ cost, reserve, reserveSeconds }: VerifyRequest): RequestAmounts {
  if (cost === undefined && reserve === undefined && reserveSeconds === undefined) return NOTHING
  if (reserveSeconds !== undefined && reserve === undefined) {
    throw invalidField('reserveSeconds', 'give the amounts to hold in reserve, or leave this out')
  }
  const amounts = {
    cost: typeof cost === 'number' ? { credits: cost } : (cost ?? {}),
    reserve: reserve ?? {},
  }
  for (const name of Object.keys(amounts.reserve)) {
    if (Object.hasOwn(amounts.cost, name)) {
      throw invalidField(`reserve/${name}`, 'give this name in cost or in reserve, not in both')
    }
    if (name === 'requests') {
      throw invalidField('reserve/requests', 'a request counts when it is verified; leave this out')
    }
  }
  return amounts
}

/** What is charged at once: every request counts as one of `requests`, unless its cost says otherwise. */
export function costOf({ cost }: RequestAmounts, name: string): number {
  return amountOf(cost, name) ?? (name === 'requests' ? 1 : 0)
}

export function reserveOf({ reserve }: RequestAmounts, name: string): number {
  return amountOf(reserve, name) ?? 0
}

/** A name may be that of a property which every object has, such as `constructor`. */
function amountOf(amounts: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(amounts, name) ? amounts[name] : undefined
}
