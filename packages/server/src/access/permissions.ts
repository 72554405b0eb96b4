import { RESERVED_PREFIXES } from '@keysmith/contract'
import { ApiError } from '../errors.ts'
import type { Principal } from './principal.ts'

/** Does one held permission cover what is wanted? `a:*` covers `a:b` and `a:b:*`, not `a`. */
export function covers(held: string, wanted: string): boolean {
  if (held === wanted) return true
  if (held === '*') return !isReserved(wanted)
  return held.endsWith(':*') && wanted.startsWith(held.slice(0, -1))
}

/** Nothing held covers nothing. */
export function holds(held: readonly string[], wanted: string): boolean {
  return held.some((permission) => covers(permission, wanted))
}

/** Rights on the management API, which issued keys cannot hold and `*` does not include. */
export function isReserved(permission: string): boolean {
  const end = permission.indexOf(':')
  const prefix = end === -1 ? permission : permission.slice(0, end)
  return RESERVED_PREFIXES.some((reserved) => reserved === prefix)
}

/** Throws unless the caller holds every one: nobody hands out more than he has (R2). */
export function requireHeld(principal: Principal, permissions: readonly string[]): void {
  const missing = permissions.find((permission) => !holds(principal.permissions, permission))
  if (missing !== undefined) {
    throw new ApiError('missing_permission', {
      detail: `The calling token does not hold ${missing}, so it cannot hand it out. Use a token that holds it.`,
    })
  }
}
