import { createHash } from 'node:crypto'
import { generateKey, parseKey } from '@keysmith/key-format'
import vectors from '@keysmith/key-format/vectors.json' with { type: 'json' }
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createClient } from '../src/index.ts'
import type { Precheck } from '../src/precheck.ts'
import { createVerifier } from '../src/verifier.ts'
import { answerWith, type Seen } from './_between.ts'
import { startKeysmith } from './_keysmith.ts'

const MALFORMED = { valid: false, code: 'malformed' }
const NOISE = 'not a secret'

/** A service that finds every secret unknown, and answers `/v1/meta` as it is told. */
async function startService(meta: () => object | number | Promise<object>) {
  const service = await answerWith(async ({ path }, response) => {
    if (path === '/v1/verify') return void response.end('{"valid":false,"code":"unknown"}')
    const answer = await meta()
    if (typeof answer === 'number') response.writeHead(answer).end()
    else response.end(JSON.stringify(answer))
  })
  const count = (path: string) => service.seen.filter((seen: Seen) => seen.path === path).length
  const verifier = (precheck?: Precheck) => createVerifier({ baseUrl: service.url, precheck })
  return { ...service, verifier, asked: () => count('/v1/meta'), sent: () => count('/v1/verify') }
}

/** For a machine that is busy. */
const PATIENCE = { timeout: 10_000 }

/** Asks with noise until the answer about the filter is there. */
const filtering = (verify: ReturnType<typeof createVerifier>['verify']) =>
  vi.waitFor(async () => expect(await verify(NOISE)).toEqual(MALFORMED), PATIENCE)

describe('strict: what is refused is exactly what parseKey refuses', () => {
  test('10,000 random strings never leave the process', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () =>
      Response.json({ valid: false, code: 'unknown' }),
    )
    const { verify } = createVerifier({ baseUrl: 'http://x', precheck: 'strict', fetch })
    const near = fc.constantFrom(...vectors.valid.map(({ secret }) => secret))
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ maxLength: 90 }),
      // One letter of a good secret replaced, or one cut off.
      fc
        .tuple(near, fc.nat(80), fc.string({ maxLength: 1 }))
        .map(([secret, at, letter]) => secret.slice(0, at) + letter + secret.slice(at + 1)),
    )
    let malformed = 0
    const wrong: string[] = []
    for (const input of fc.sample(text, { numRuns: 10_000, seed: 7 })) {
      const isSecret = parseKey(input).ok
      if (!isSecret) malformed += 1
      const before = fetch.mock.calls.length
      const { code } = await verify(input)
      const isSent = fetch.mock.calls.length > before
      if (code !== (isSecret ? 'unknown' : 'malformed') || isSent !== isSecret) wrong.push(input)
    }
    expect(wrong).toEqual([])
    expect(malformed).toBeGreaterThan(9000)
  })

  test('every vector of the format', async () => {
    const { verifier, sent } = await startService(() => 500)
    const { verify } = verifier('strict')
    for (const { secret } of vectors.valid) {
      expect(await verify(secret)).toEqual({ valid: false, code: 'unknown' })
    }
    expect(sent()).toBe(vectors.valid.length)
    for (const { input } of vectors.invalid) {
      expect(await verify(input as string)).toEqual(MALFORMED)
    }
    expect(sent()).toBe(vectors.valid.length)
  })
})

test.each(['auto', 'strict', 'off'] as const)(
  '%s: what is no text, and an empty one, is refused without asking',
  async (mode) => {
    const { verifier, seen } = await startService(() => ({ precheck: 'off' }))
    const { verify } = verifier(mode)
    for (const input of [undefined, null, '', 7, {}, [], ['a'], true, Symbol('s')]) {
      expect(await verify(input as string)).toEqual(MALFORMED)
    }
    expect(seen).toEqual([])
  },
)

test.each(['auto', 'strict', 'off'] as const)(
  '%s: longer than any secret is refused without asking, and is no error of the service',
  async (mode) => {
    const { verifier, seen } = await startService(() => ({ precheck: 'off' }))
    const { verify } = verifier(mode)
    for (const length of [1025, 20_000]) expect(await verify('x'.repeat(length))).toEqual(MALFORMED)
    expect(seen).toEqual([])
  },
)

test('off: everything is sent, and nothing asked about', async () => {
  const { verifier, asked, sent } = await startService(() => ({ precheck: 'on' }))
  const { verify } = verifier('off')
  for (let count = 0; count < 3; count += 1) expect((await verify(NOISE)).code).toBe('unknown')
  expect((await verify('x'.repeat(1024))).code).toBe('unknown')
  expect([asked(), sent()]).toEqual([0, 4])
})

describe('auto', () => {
  test('filters nothing until the answer is there, and asks once', async () => {
    const answer = Promise.withResolvers<object>()
    const { verifier, asked, sent } = await startService(() => answer.promise)
    const { verify } = verifier()
    for (let count = 0; count < 5; count += 1) expect((await verify(NOISE)).code).toBe('unknown')
    expect([asked(), sent()]).toEqual([1, 5])
    answer.resolve({ precheck: 'on' })
    await filtering(verify)
    const before = sent()
    for (const { input } of vectors.invalid)
      expect(await verify(input as string)).toEqual(MALFORMED)
    expect([asked(), sent()]).toEqual([1, before])
  })

  test('a well-formed secret is always sent, and is no reason to ask', async () => {
    const { verifier, asked, sent } = await startService(() => ({ precheck: 'on' }))
    const { verify } = verifier()
    const { secret } = generateKey({ brand: 'acme', kind: 'live' })
    for (let count = 0; count < 3; count += 1) expect((await verify(secret)).code).toBe('unknown')
    expect([asked(), sent()]).toEqual([0, 3])
  })

  test.each([
    ['imported keys', () => ({ precheck: 'off' })],
    ['a failure', () => 500],
    ['no right to know', () => 403],
    ['a service that says nothing of it', () => ({})],
    ['a word of a newer service', () => ({ precheck: 'maybe' })],
  ])('%s: nothing is ever filtered', async (_what, meta) => {
    const { verifier, asked, sent } = await startService(meta)
    const { verify } = verifier()
    await verify(NOISE)
    await vi.waitFor(() => expect(asked()).toBe(1), PATIENCE)
    for (let count = 0; count < 20; count += 1) {
      expect((await verify(NOISE)).code).toBe('unknown')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect([asked(), sent()]).toEqual([1, 21])
  })

  test('asks again after five seconds, and filters nothing meanwhile', async () => {
    let now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    try {
      let imported = false
      const service = await startService(() => ({ precheck: imported ? 'off' : 'on' }))
      const { verify } = service.verifier()
      await filtering(verify)
      now += 4999
      expect(await verify(NOISE)).toEqual(MALFORMED)
      expect(service.asked()).toBe(1)
      imported = true
      now += 1
      expect((await verify(NOISE)).code).toBe('unknown')
      await vi.waitFor(() => expect(service.asked()).toBe(2), PATIENCE)
      expect((await verify(NOISE)).code).toBe('unknown')
      imported = false
      now += 5000
      await filtering(verify)
      expect(service.asked()).toBe(3)
    } finally {
      clock.mockRestore()
    }
  })

  test('an answer that is late does not outlive what it is believed', async () => {
    let now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    try {
      const late = Promise.withResolvers<object>()
      const answers = [late.promise, { precheck: 'off' }]
      const service = await startService(() => answers.shift() ?? { precheck: 'off' })
      const { verify } = service.verifier()
      await verify(NOISE)
      await vi.waitFor(() => expect(service.asked()).toBe(1), PATIENCE)
      now += 5000
      await verify(NOISE)
      await vi.waitFor(() => expect(service.asked()).toBe(2), PATIENCE)
      late.resolve({ precheck: 'on' })
      for (let count = 0; count < 20; count += 1) {
        expect((await verify(NOISE)).code).toBe('unknown')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    } finally {
      clock.mockRestore()
    }
  })
})

test('the real service: noise is filtered, until a key is imported', async () => {
  const keysmith = await startKeysmith()
  try {
    const options = { baseUrl: keysmith.url, token: keysmith.token }
    const before = createClient(options)
    await filtering(before.verify)
    const secret = 'sk-imported-0123456789abcdef'
    const secretSha256 = createHash('sha256').update(secret).digest('hex')
    const imported = await fetch(`${keysmith.url}/v1/keys/import?entropyBits=128`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${keysmith.token}`,
        'content-type': 'application/x-ndjson',
      },
      body: `${JSON.stringify({ name: 'old', secretSha256 })}\n`,
    })
    expect(imported.status).toBeLessThan(300)
    const after = createClient(options)
    for (let count = 0; count < 10; count += 1) {
      expect((await after.verify(secret)).code).toBe('valid')
      expect((await after.verify(NOISE)).code).not.toBe('valid')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  } finally {
    await keysmith.stop()
  }
})
