import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds } from '../access/permissions.ts'
import type { Policy } from '../policies/policy.ts'
import { someKey, somePolicy, someProject } from '../store/contract/_records.ts'
import { compileAddressList, normalizeRange } from './address-list.ts'
import { allowsModel } from './allowed-models.ts'
import { effectiveKey } from './effective.ts'
import type { Key } from './key.ts'

// What holds for a key with its policies, against an oracle that asks every list by itself.

const project = someProject()

/** A small world of names, so that patterns meet. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 3 })
const modelPattern = fc.oneof(
  name,
  name.map((prefix) => `${prefix}*`),
  fc.constant('*'),
)
const models = fc.option(fc.uniqueArray(modelPattern, { maxLength: 5 }))

const ipv4 = fc.tuple(fc.constantFrom(9, 10, 11), fc.constantFrom(0, 1, 128), fc.nat(3))
const ipv4Text = ipv4.map(([a, b, c]) => `${a}.${b}.0.${c}`)
const ipv6Text = fc
  .tuple(fc.constantFrom('2001:db8', '2001:db9', 'fd00'), fc.nat(3))
  .map(([start, end]) => `${start}::${end}`)
const address = fc.oneof(
  ipv4Text,
  ipv6Text,
  ipv4Text.map((ip) => `::ffff:${ip}`),
)
const range = fc.oneof(
  fc
    .tuple(ipv4Text, fc.constantFrom(0, 5, 7, 8, 16, 23, 31, 32))
    .map(([ip, bits]) => `${ip}/${bits}`),
  fc
    .tuple(ipv6Text, fc.constantFrom(0, 1, 31, 32, 64, 127, 128))
    .map(([ip, bits]) => `${ip}/${bits}`),
)
const normalRange = range.map((text) => normalizeRange(text) ?? '')
const ranges = fc.option(fc.uniqueArray(normalRange, { minLength: 1, maxLength: 4 }))

const permission = fc.constantFrom('a', 'a:b', 'a:b:c', 'a:*', 'a:b:*', 'b', 'b:*')
const permissions = fc.uniqueArray(permission, { maxLength: 4 })
const limit = fc.record({ limit: fc.integer({ min: 1, max: 9 }), windowSeconds: fc.constant(1) })
const rateLimits = fc.dictionary(fc.constantFrom('requests', 'tokens'), limit)

const source = fc.record({
  permissions,
  allowedModels: models,
  ipAllowlist: ranges,
  rateLimits,
  maxLifetimeSeconds: fc.option(fc.integer({ min: 60, max: 100 })),
})
type Source = typeof source extends fc.Arbitrary<infer Value> ? Value : never

interface World {
  key: Key
  policies: Policy[]
  sources: readonly Source[]
}

/** A key with up to three policies. Its own lifetime is that of its project. */
const world = fc.array(source, { minLength: 1, maxLength: 4 }).map((sources): World => {
  const [own, ...others] = sources
  const policies = others.map((other) => somePolicy(project, other))
  const key = someKey(project, { ...own, policyIds: policies.map(({ id }) => id) })
  return { key, policies, sources }
})
const effective = ({ key, policies, sources }: World) => {
  const { maxLifetimeSeconds = null } = sources[0] ?? {}
  return effectiveKey(key, policies, { ...project, maxLifetimeSeconds })
}

describe('for every key with policies', () => {
  test('a model is allowed exactly when every list that is set allows it', () => {
    let allowed = 0
    let refused = 0
    const question = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 5 })
    fc.assert(
      fc.property(world, fc.array(question, { maxLength: 20 }), (of, questions) => {
        const list = effective(of).allowedModels
        const lists = of.sources.flatMap(({ allowedModels }) =>
          allowedModels ? [allowedModels] : [],
        )
        expect(list === null).toBe(lists.length === 0)
        for (const model of questions) {
          const expected = lists.every((each) => allowsModel(each, model))
          expect(list === null || allowsModel(list, model)).toBe(expected)
          if (lists.length > 1 && expected) allowed += 1
          if (lists.length > 1 && !expected) refused += 1
        }
      }),
      { numRuns: 500 },
    )
    expect(Math.min(allowed, refused)).toBeGreaterThan(100)
  })

  test('an address is allowed exactly when every list that is set allows it', () => {
    let allowed = 0
    let refused = 0
    fc.assert(
      fc.property(world, fc.array(address, { maxLength: 20 }), (of, questions) => {
        const list = effective(of).ipAllowlist
        const lists = of.sources.flatMap(({ ipAllowlist }) => (ipAllowlist ? [ipAllowlist] : []))
        expect(list === null).toBe(lists.length === 0)
        const allows = list && compileAddressList(list)
        for (const ip of questions) {
          const expected = lists.every((each) => compileAddressList(each)(ip))
          expect(allows === null || allows(ip)).toBe(expected)
          if (lists.length > 1 && expected) allowed += 1
          if (lists.length > 1 && !expected) refused += 1
        }
      }),
      { numRuns: 500 },
    )
    expect(Math.min(allowed, refused)).toBeGreaterThan(100)
  })

  test('a permission is held exactly when the key or one of its policies holds it', () => {
    const questions = ['a', 'a:b', 'a:b:c', 'a:x', 'a:b:x', 'b', 'b:x', 'c']
    fc.assert(
      fc.property(world, (of) => {
        const held = effective(of).permissions
        for (const wanted of questions) {
          const expected = of.sources.some((each) => holds(each.permissions, wanted))
          expect(holds(held, wanted)).toBe(expected)
        }
        expect(new Set(held).size).toBe(held.length)
      }),
    )
  })

  test('every limit applies, each with its source; the shortest lifetime counts', () => {
    fc.assert(
      fc.property(world, fc.option(fc.integer({ min: 0, max: 120_000 })), (of, endsIn) => {
        const { key, policies, sources } = of
        const own = endsIn === null ? null : key.createdAt + endsIn
        const result = effective({ ...of, key: { ...key, expiresAt: own } })
        const ids = [key.id, ...policies.map(({ id }) => id)]
        const expected = sources.flatMap((each, index) =>
          Object.entries(each.rateLimits).map(([name, set]) => [ids[index], name, set.limit]),
        )
        expect(result.rateLimits.map((set) => [set.source.id, set.name, set.limit])).toEqual(
          expected,
        )
        const ends = sources.flatMap(({ maxLifetimeSeconds: seconds }) =>
          seconds === null ? [] : [key.createdAt + seconds * 1000],
        )
        const all = own === null ? ends : [own, ...ends]
        expect(result.expiresAt).toBe(all.length === 0 ? null : Math.min(...all))
      }),
    )
  })

  test('the order of the policies does not matter', () => {
    const sorted = <Item>(items: Item[] | null) =>
      items?.map((item) => JSON.stringify(item)).toSorted()
    const ofSet = (result: ReturnType<typeof effective>) => ({
      permissions: sorted(result.permissions),
      allowedModels: sorted(result.allowedModels),
      ipAllowlist: sorted(result.ipAllowlist),
      rateLimits: sorted(result.rateLimits),
      quotas: sorted(result.quotas),
      expiresAt: result.expiresAt,
    })
    fc.assert(
      fc.property(world, (of) => {
        const policyIds = of.key.policyIds.toReversed()
        const policies = of.policies.toReversed()
        const reversed = { ...of, key: { ...of.key, policyIds }, policies }
        expect(ofSet(effective(reversed))).toEqual(ofSet(effective(of)))
      }),
    )
  })
})

describe('lists', () => {
  const effectiveModels = (...lists: (string[] | null)[]) => {
    const policies = lists.slice(1).map((allowedModels) => somePolicy(project, { allowedModels }))
    const policyIds = policies.map(({ id }) => id)
    const key = someKey(project, { allowedModels: lists[0] ?? null, policyIds })
    return effectiveKey(key, policies, project).allowedModels
  }

  test.each([
    [[null, null], null],
    [[null, ['a']], ['a']],
    [[['a'], ['b']], []],
    [[[], null], []],
    [[['llama-*'], ['llama-3.3-70b', 'mistral']], ['llama-3.3-70b']],
    [
      [
        ['llama-3*', 'x'],
        ['llama-*', '*'],
      ],
      ['llama-3*', 'x'],
    ],
    [
      [['*'], ['a', 'b*'], ['b1', 'b*', 'c']],
      ['b*', 'b1'],
    ],
  ])('%j allow %j', (lists, expected) => {
    expect(effectiveModels(...lists)).toEqual(expected)
  })

  test('of the largest size are combined', () => {
    const many = (start: number) =>
      Array.from({ length: 100 }, (_, index) => `10.${start}.${index}.0/24`)
    const policies = Array.from({ length: 8 }, (_, index) =>
      somePolicy(project, { ipAllowlist: [...many(index).slice(1), '10.0.0.0/8'] }),
    )
    const policyIds = policies.map(({ id }) => id)
    const key = someKey(project, { ipAllowlist: [...many(9).slice(1), '10.0.0.0/8'], policyIds })
    const { ipAllowlist } = effectiveKey(key, policies, project)
    expect(ipAllowlist).toHaveLength(9 * 99 + 1)
  })
})

test('a key whose policy is missing has no effective values', () => {
  const policy = somePolicy(project)
  const key = someKey(project, { policyIds: [policy.id] })
  expect(() => effectiveKey(key, [], project)).toThrow(/is missing/)
  expect(() => effectiveKey(key, [somePolicy(project)], project)).toThrow(/is missing/)
  expect(effectiveKey(key, [policy], project).permissions).toEqual([])
})

describe('the defaults of a project', () => {
  const requests = { requests: { limit: 1, windowSeconds: 1 } }
  const tokens = { tokens: { limit: 9, period: 'day' as const } }
  const withDefaults = { ...project, defaultRateLimits: requests, defaultQuotas: tokens }
  const byProject = { kind: 'project', id: project.id }

  test('hold for a key without limits, kind by kind', () => {
    const plain = effectiveKey(someKey(project), [], withDefaults)
    expect(plain.rateLimits).toEqual([
      { name: 'requests', source: byProject, ...requests.requests },
    ])
    expect(plain.quotas).toEqual([{ name: 'tokens', source: byProject, ...tokens.tokens }])
    const limited = effectiveKey(
      someKey(project, { rateLimits: { x: requests.requests } }),
      [],
      withDefaults,
    )
    expect(limited.rateLimits.map(({ name, source }) => [name, source.kind])).toEqual([
      ['x', 'key'],
    ])
    expect(limited.quotas.map(({ source }) => source.kind)).toEqual(['project'])
  })

  test('do not hold for a key whose policy sets any of the kind', () => {
    const policy = somePolicy(project, { quotas: { credits: { limit: 1, period: 'none' } } })
    const key = someKey(project, { policyIds: [policy.id] })
    const result = effectiveKey(key, [policy], withDefaults)
    expect(result.quotas.map(({ name, source }) => [name, source])).toEqual([
      ['credits', { kind: 'policy', id: policy.id }],
    ])
    expect(result.rateLimits.map(({ source }) => source)).toEqual([byProject])
  })
})
