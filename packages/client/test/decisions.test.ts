import decisionCases from '@keysmith/contract/decision-cases.json' with { type: 'json' }
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allows } from '../src/decide.ts'
import {
  type Client,
  createClient,
  type NewKey,
  type Question,
  ValidationError,
} from '../src/index.ts'
import { leases } from '../src/leases.ts'
import { answerWith, type Between, passOn } from './_between.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let keysmith: Keysmith
let plain: Client

beforeAll(async () => {
  keysmith = await startKeysmith({ KEYSMITH_LOG_LEVEL: 'info' })
  plain = createClient({ baseUrl: keysmith.url, token: keysmith.token })
})
afterAll(() => keysmith.stop())

const leasing = (proxy: Between) =>
  createClient({
    baseUrl: proxy.url,
    token: keysmith.token,
    verify: { lease: leases(), precheck: 'off' },
  })

/** Passes the lease that the first verification gives, whatever the key is restricted to. */
const WITHOUT_RESTRICTION: Question = { model: null, ip: null }

describe('the table that the service is tested with', () => {
  test('a lease decides exactly what is valid by itself, and asks for all else', async () => {
    const proxy = await answerWith(passOn(keysmith.url))
    const client = leasing(proxy)
    for (const { name, key, request, code } of decisionCases) {
      const { secret } = await plain.keys.create({ name: 'case', ...key } as NewKey)
      const primed = await client.verify(secret, WITHOUT_RESTRICTION)
      const before = proxy.seen.length
      const verdict = await client.verify(secret, request as Question)
      const isAsked = proxy.seen.length > before
      expect({ name, code: verdict.code }).toEqual({ name, code })
      // The facts do not hold the address list: such a key is never remembered.
      const isLeased = key.ipAllowlist === null
      expect({ name, isPrimed: primed.valid && primed.leaseMs > 0 }).toEqual({
        name,
        isPrimed: isLeased,
      })
      expect({ name, isAsked }).toEqual({ name, isAsked: !(isLeased && code === 'valid') })
    }
  })

  test('the table has a case of every code that can be decided from the request', () => {
    const codes = new Set(decisionCases.map(({ code }) => code))
    expect([...codes].toSorted()).toEqual([
      'ip_not_allowed',
      'ip_required',
      'missing_permission',
      'model_not_allowed',
      'model_required',
      'valid',
    ])
  })
})

describe('random keys and questions', () => {
  const part = fc.constantFrom('a', 'b', 'ab', 'a.b', '-', '0')
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(':'))
  const held = fc.oneof(
    name,
    name.map((prefix) => `${prefix}:*`),
  )
  const model = fc
    .array(fc.constantFrom('a', 'A', ':', '/', '.', '-'), { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join(''))
  const pattern = fc.oneof(
    model,
    model.map((prefix) => `${prefix}*`),
    fc.constant('*'),
  )
  const restrictions = fc.record({
    permissions: fc.uniqueArray(held, { maxLength: 4 }),
    allowedModels: fc.option(fc.uniqueArray(pattern, { maxLength: 3 })),
  })
  // Also what the service refuses to read: a lease must not know better.
  const wrong = fc.constantFrom('A', 'a:*', '*', '', 'a b', 'a:', ':a', 'a\n', 'x'.repeat(65))
  const question = fc.record(
    {
      permissions: fc.array(fc.oneof({ weight: 9, arbitrary: name }, wrong), { maxLength: 3 }),
      model: fc.oneof(
        { weight: 9, arbitrary: fc.option(model) },
        fc.constantFrom('', 'a*', 'a b', 'a\n', 'x'.repeat(129)),
      ),
    },
    { requiredKeys: [] },
  )
  const questions = fc.array(question as fc.Arbitrary<Question>, { minLength: 12, maxLength: 12 })

  test('the facts allow exactly what the service finds valid', async () => {
    const seen = { valid: 0, refused: 0, unreadable: 0 }
    await fc.assert(
      fc.asyncProperty(restrictions, questions, async (key, asked: Question[]) => {
        const { secret } = await plain.keys.create({ name: 'random', ...key })
        const facts = await plain.verify(secret, WITHOUT_RESTRICTION)
        if (!facts.valid) throw new Error(facts.code)
        const verdicts = await Promise.all(
          asked.map((each) => plain.verify(secret, each).catch((error) => error)),
        )
        for (const [index, each] of asked.entries()) {
          const verdict = verdicts[index]
          const isUnreadable = verdict instanceof ValidationError
          seen[isUnreadable ? 'unreadable' : verdict.valid ? 'valid' : 'refused'] += 1
          expect(isUnreadable || typeof verdict.valid === 'boolean').toBe(true)
          expect(allows(facts.key, each)).toBe(!isUnreadable && verdict.valid)
        }
      }),
      { numRuns: 40, seed: 7 },
    )
    // A table in which nothing is valid would prove nothing.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
  })

  test('what is too long or unknown to the service is asked, not decided', () => {
    const facts = { permissions: ['a:*'], allowedModels: null }
    const many = (count: number) => Array.from({ length: count }, () => 'a:b')
    expect(allows(facts, { permissions: many(100) })).toBe(true)
    expect(allows(facts, { permissions: many(101) })).toBe(false)
    expect(allows(facts, { ip: '203.0.113.7' })).toBe(true)
    expect(allows(facts, { ip: 'nowhere' })).toBe(false)
    expect(allows(facts, { cost: 1 } as object)).toBe(false)
    expect(allows(facts, { anything: undefined } as object)).toBe(false)
  })
})
