import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Verify } from '../src/index.ts'
import { ADAPTERS, type Protected, type ProtectOptions } from './_adapters.ts'
import { sendRaw } from './_adapters-raw.ts'
import { type Keysmith, startKeysmith } from './_keysmith.ts'

let service: Keysmith
/** Good secrets, by the letter that stands for them in the tables. */
let secrets: { G: string; H: string }
/** What was asked of the service. */
const asked: string[] = []
const running: Record<string, Protected> = {}

/** Which forms a server reads. */
const FORMS: Record<string, Omit<ProtectOptions, 'client'>> = {
  bearer: {},
  header: { apiKeyHeader: true },
  named: { apiKeyHeader: 'X-Token' },
  query: { apiKeyHeader: true, allowQuery: true },
}

beforeAll(async () => {
  service = await startKeysmith()
  const create = async (name: string) => (await service.client.keys.create({ name })).secret
  secrets = { G: await create('good'), H: await create('also-good') }
  const verify: Verify = (secret, question) => {
    asked.push(secret)
    return service.client.verify(secret, question)
  }
  for (const [adapter, start] of Object.entries(ADAPTERS)) {
    for (const [form, options] of Object.entries(FORMS)) {
      running[`${adapter} ${form}`] = await start({
        ...options,
        client: { ...service.client, verify },
      })
    }
  }
})

afterAll(async () => {
  await Promise.all(Object.values(running).map(({ close }) => close()))
  await service.stop()
})

const NONE = [401, 'Bearer'] as const
const INVALID = [401, 'Bearer error="invalid_token"'] as const
const AMBIGUOUS = [400, undefined] as const
const DONE = [200, undefined] as const

type Expected = typeof NONE | typeof INVALID | typeof AMBIGUOUS | typeof DONE

const BODIES: Record<number, unknown> = {
  400: { title: 'Bad Request', status: 400, code: 'ambiguous_credentials' },
  401: { title: 'Unauthorized', status: 401, code: 'unauthorized' },
}

/** `{G}` and `{H}` are good secrets. */
function fill(text: string): string {
  return text.replaceAll('{G}', secrets.G).replaceAll('{H}', secrets.H)
}

async function expectAnswer(
  server: string,
  lines: string[],
  [status, challenge]: Expected,
  target = '/jobs',
) {
  const { url, handled, seen } = running[server] as Protected
  handled.length = 0
  seen.length = 0
  const answer = await sendRaw(url, lines.map(fill), fill(target))
  expect({ status: answer.status, challenge: answer.headers['www-authenticate'] }).toEqual({
    status,
    challenge,
  })
  expect(handled).toHaveLength(status === 200 ? 1 : 0)
  // What the adapter does not read is not its to remove.
  const isRead = !lines.some((line) => /^x-api-key/i.test(line)) || server.endsWith(' header')
  for (const secret of isRead ? Object.values(secrets) : []) {
    expect(JSON.stringify([answer, seen, handled])).not.toContain(secret)
  }
  if (status === 200) return
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(JSON.parse(answer.body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, ''))).toEqual(
    BODIES[status],
  )
}

const ADAPTER_NAMES = Object.keys(ADAPTERS)

describe.each(ADAPTER_NAMES)('%s reads Authorization by grammar', (adapter) => {
  test.each<[string, string[], Expected]>([
    ['no header', [], NONE],
    ['an empty one', ['Authorization:'], NONE],
    ['the scheme alone', ['Authorization: Bearer'], NONE],
    ['the scheme and a space', ['Authorization: Bearer '], NONE],
    ['another scheme', ['Authorization: Basic dXNlcjpwYXNz'], NONE],
    ['another scheme with a secret', ['Authorization: Token {G}'], NONE],
    ['a scheme that begins alike', ['Authorization: BearerX {G}'], NONE],
    ['no scheme', ['Authorization: {G}'], NONE],
    ['a tab for the space', ['Authorization: Bearer\t{G}'], NONE],
    ['a good key', ['Authorization: Bearer {G}'], DONE],
    ['lower case', ['authorization: bearer {G}'], DONE],
    ['upper case', ['AUTHORIZATION: BEARER {G}'], DONE],
    ['more than one space', ['Authorization: Bearer    {G}'], DONE],
    ['space and tab at the end', ['Authorization: Bearer {G} \t '], DONE],
    ['two tokens', ['Authorization: Bearer {G} {G}'], AMBIGUOUS],
    ['a tab between two tokens', ['Authorization: Bearer {G}\t{H}'], AMBIGUOUS],
    ['joined by a comma', ['Authorization: Bearer {G},{H}'], AMBIGUOUS],
    ['joined with its scheme', ['Authorization: Bearer {G}, Bearer {G}'], AMBIGUOUS],
    ['joined after another scheme', ['Authorization: Basic eDp5, Bearer {G}'], AMBIGUOUS],
    ['twice', ['Authorization: Bearer {G}', 'Authorization: Bearer {H}'], AMBIGUOUS],
    ['twice the same', ['Authorization: Bearer {G}', 'authorization: Bearer {G}'], AMBIGUOUS],
    ['after another scheme', ['Authorization: Basic eDp5', 'Authorization: Bearer {G}'], AMBIGUOUS],
    [
      'before another scheme',
      ['Authorization: Bearer {G}', 'Authorization: Basic eDp5'],
      AMBIGUOUS,
    ],
    ['a comma at the end', ['Authorization: Bearer {G},'], INVALID],
    ['a quoted token', ['Authorization: Bearer "{G}"'], INVALID],
    ['another byte', ['Authorization: Bearer {G}\xe9'], INVALID],
    ['a no-break space', ['Authorization: Bearer {G}\xa0'], INVALID],
    ['UTF-8', [`Authorization: Bearer ${Buffer.from('ключ').toString('latin1')}`], INVALID],
    ['a typing error', ['Authorization: Bearer {G}x'], INVALID],
    ['what is no secret', ['Authorization: Bearer undefined'], INVALID],
    ['1,024 characters', [`Authorization: Bearer ${'a'.repeat(1024)}`], INVALID],
    ['1,025 characters', [`Authorization: Bearer ${'a'.repeat(1025)}`], INVALID],
    ['100 KB', [`Authorization: Bearer ${'a'.repeat(100_000)}`], INVALID],
    ['100 KB of spaces', [`Authorization: Bearer${' '.repeat(100_000)}{G}`], DONE],
    ['100 KB of commas', [`Authorization: Bearer a${', '.repeat(50_000)}`], INVALID],
    ['a header that is not read', ['X-Api-Key: {G}'], NONE],
    ['a good key beside it', ['Authorization: Bearer {G}', 'X-Api-Key: {H}'], DONE],
  ])('%s', async (_what, lines, expected) => {
    await expectAnswer(`${adapter} bearer`, lines, expected)
  })

  test.each(['\0', '\x01', '\x1b', '\x7f', '\n', '\r'])(
    'a control character (%j) is refused by the server itself',
    async (character) => {
      const { url, handled } = running[`${adapter} bearer`] as Protected
      handled.length = 0
      const answer = await sendRaw(url, [`Authorization: Bearer ${secrets.G}${character}x`])
      expect([400, 401]).toContain(answer.status)
      expect(handled).toEqual([])
      expect(answer.body).not.toContain(secrets.G)
    },
  )

  test('longer than a secret can be, and what is no token, never reaches the service', async () => {
    asked.length = 0
    for (const token of ['a'.repeat(1025), '"x"', 'x,', 'x\xe9']) {
      await expectAnswer(`${adapter} bearer`, [`Authorization: Bearer ${token}`], INVALID)
    }
    expect(asked).toEqual([])
  })
})

describe.each(ADAPTER_NAMES)('%s reads an API key header when it is allowed', (adapter) => {
  test.each<[string, string[], Expected]>([
    ['alone', ['X-Api-Key: {G}'], DONE],
    ['both, equal', ['X-Api-Key: {G}', 'Authorization: Bearer {G}'], DONE],
    ['both, different', ['X-Api-Key: {G}', 'Authorization: Bearer {H}'], AMBIGUOUS],
    ['both, one of them noise', ['X-Api-Key: {G}', 'Authorization: Bearer x'], AMBIGUOUS],
    ['empty beside a good one', ['X-Api-Key:', 'Authorization: Bearer {G}'], DONE],
    ['beside another scheme', ['X-Api-Key: {G}', 'Authorization: Basic eDp5'], DONE],
    ['beside the scheme alone', ['X-Api-Key: {G}', 'Authorization: Bearer'], DONE],
    ['twice', ['X-Api-Key: {G}', 'X-Api-Key: {H}'], AMBIGUOUS],
    ['twice the same', ['X-Api-Key: {G}', 'X-Api-Key: {G}'], AMBIGUOUS],
    ['joined', ['X-Api-Key: {G}, {G}'], AMBIGUOUS],
    ['with a scheme', ['X-Api-Key: Bearer {G}'], AMBIGUOUS],
    ['empty', ['X-Api-Key:'], NONE],
    ['noise', ['X-Api-Key: "x"'], INVALID],
    ['100 KB', [`X-Api-Key: ${'a'.repeat(100_000)}`], INVALID],
  ])('%s', async (_what, lines, expected) => {
    await expectAnswer(`${adapter} header`, lines, expected)
  })

  test('by another name', async () => {
    await expectAnswer(`${adapter} named`, ['x-token: {G}'], DONE)
    await expectAnswer(`${adapter} named`, ['x-api-key: {G}'], NONE)
  })
})

describe.each(ADAPTER_NAMES)('%s reads the query only when it is allowed', (adapter) => {
  test('a good key in the query is not read', async () => {
    const { url, handled } = running[`${adapter} header`] as Protected
    handled.length = 0
    expect((await sendRaw(url, [], `/jobs?api_key=${secrets.G}`)).status).toBe(401)
    expect(handled).toEqual([])
  })

  test.each<[string, string[], string, Expected]>([
    ['twice', [], '/jobs?api_key={G}&api_key={G}', AMBIGUOUS],
    ['other than the header', ['Authorization: Bearer {G}'], '/jobs?api_key={H}', AMBIGUOUS],
    ['empty', [], '/jobs?api_key=', NONE],
    ['NUL', [], '/jobs?api_key=%00', INVALID],
    ['a line break', [], '/jobs?api_key=x%0d%0ay', INVALID],
    ['100 KB', [], `/jobs?api_key=${'a'.repeat(100_000)}`, INVALID],
    ['alone', [], '/jobs?a=1&api_key={G}&b=%20', DONE],
    ['with an escaped name', [], '/jobs?api%5Fkey={G}', DONE],
    [
      'equal to both headers',
      ['Authorization: Bearer {G}', 'X-Api-Key: {G}'],
      '/?api_key={G}',
      DONE,
    ],
  ])('%s', async (_what, lines, target, expected) => {
    const { url, handled } = running[`${adapter} query`] as Protected
    handled.length = 0
    const answer = await sendRaw(url, lines.map(fill), fill(target))
    const [status, challenge] = expected
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([status, challenge])
    expect(handled).toHaveLength(status === 200 ? 1 : 0)
  })
})

test.each(ADAPTER_NAMES)(
  '%s answers HEAD without a body, and refuses every method',
  async (adapter) => {
    const { url, handled } = running[`${adapter} bearer`] as Protected
    handled.length = 0
    const head = await sendRaw(url, [], '/jobs', 'HEAD')
    expect([head.status, head.body]).toEqual([401, ''])
    for (const method of ['OPTIONS', 'POST', 'DELETE', 'PUT']) {
      expect((await sendRaw(url, [], '/jobs', method)).status).toBe(401)
    }
    expect(handled).toEqual([])
  },
)
