import { ALL_PERMISSIONS, MANAGEMENT_PERMISSIONS, RESERVED_PREFIXES } from '@keysmith/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covers, holds, isReserved, requireHeld } from './permissions.ts'
import type { Principal } from './principal.ts'

test.each([
  ['jobs:write', 'jobs:write', true],
  ['jobs:write', 'jobs:read', false],
  ['jobs:write', 'jobs', false],
  ['jobs', 'jobs:write', false],
  ['jobs:*', 'jobs:write', true],
  ['jobs:*', 'jobs:write:own', true],
  ['jobs:*', 'jobs:write:*', true],
  ['jobs:*', 'jobs:*', true],
  ['jobs:*', 'jobs', false],
  ['jobs:*', 'jobsx:write', false],
  ['jobs:*', '*', false],
  ['jobs:write:*', 'jobs:*', false],
  ['jobs:write:*', 'jobs:write', false],
  ['*', 'jobs:write', true],
  ['*', 'jobs:*', true],
  ['*', '*', true],
  ['*', 'keys:read', false],
  ['*', 'keys:*', false],
  ['*', 'keys', false],
  ['keys:*', 'keys:read', true],
  ['keys:*', 'tokens:read', false],
])('%s covers %s: %s', (held, wanted, expected) => {
  expect(covers(held, wanted)).toBe(expected)
})

test('every right on the management API is reserved, and nothing that only begins alike', () => {
  for (const permission of MANAGEMENT_PERMISSIONS) expect(isReserved(permission)).toBe(true)
  for (const prefix of RESERVED_PREFIXES) {
    expect([isReserved(prefix), isReserved(`${prefix}:*`)]).toEqual([true, true])
    expect([isReserved(`${prefix}x:y`), isReserved(`${prefix}.a:y`)]).toEqual([false, false])
    expect(isReserved(`x:${prefix}`)).toBe(false)
  }
  expect(isReserved('*')).toBe(false)
})

test('all permissions together hold every right there is', () => {
  for (const wanted of [...MANAGEMENT_PERMISSIONS, ...ALL_PERMISSIONS, 'jobs:write', 'a:*']) {
    expect(holds(ALL_PERMISSIONS, wanted)).toBe(true)
  }
})

const part = fc.constantFrom('a', 'b', 'ab', 'keys')
const permission = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([parts, wildcard]) => [...parts, ...(wildcard ? ['*'] : [])].join(':'))

test('nothing held covers nothing', () => {
  fc.assert(fc.property(permission, (wanted) => !holds([], wanted)))
})

test('what covers a permission covers all that it covers', () => {
  const any = fc.oneof(permission, fc.constant('*'))
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('the first permission that is not held is named, and it is no secret', () => {
  const principal: Principal = {
    kind: 'token',
    id: 'x',
    name: 'x',
    permissions: ['jobs:*'],
    projectId: null,
    expiresAt: null,
  }
  expect(() => requireHeld(principal, ['jobs:read', 'jobs:write'])).not.toThrow()
  expect(() => requireHeld(principal, [])).not.toThrow()
  expect(() => requireHeld(principal, ['jobs:read', 'a:b', 'c'])).toThrow('does not hold a:b')
})
