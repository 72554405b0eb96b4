import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ask, createKey, startService, type TestService, verify } from './_service.ts'

// Wrong amounts: each is refused with the path of its field, and nothing is charged or reserved.

const MAX = Number.MAX_SAFE_INTEGER
const QUOTAS = {
  credits: { limit: 1000, period: 'none' },
  tokens: { limit: 1000, period: 'none' },
}

let service: TestService
let key: { id: string }
let secret: string

beforeAll(async () => {
  service = await startService({ closeItself: false })
})
afterAll(() => service.close())
beforeEach(async () => {
  const created = await createKey(service, { quotas: QUOTAS })
  key = created.key
  secret = created.secret
})

const NINE = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`n${index}`, 1]))

/** No amount: as JSON text, since some cannot be written by JSON.stringify. */
const NO_AMOUNTS = [
  ...['-1', '-0.5', '0.5', '1.0000001', '1e-3', '9007199254740992', '1e16', '1e300', '1e999'],
  ...['"1"', '"NaN"', '"Infinity"', '"-1"', '"0x10"', '""', 'true', '[]', '[1]'],
]

const WRONG: [path: string, question: string][] = [
  ...NO_AMOUNTS.map((text): [string, string] => ['cost', `{"cost":${text}}`]),
  ['cost', '{"cost":null}'],
  ...NO_AMOUNTS.map((text): [string, string] => ['cost', `{"cost":{"tokens":${text}}}`]),
  ...NO_AMOUNTS.map((text): [string, string] => [
    'reserve/tokens',
    `{"reserve":{"tokens":${text}}}`,
  ]),
  ['cost', JSON.stringify({ cost: NINE })],
  ['reserve', JSON.stringify({ reserve: NINE })],
  ['reserve', '{"reserve":{}}'],
  ['reserve', '{"reserve":5}'],
  ...['toString', 'Tokens', '1st', 'a b', '', 'a-b', 'x'.repeat(33)].flatMap(
    (name): [string, string][] => [
      ['cost', JSON.stringify({ cost: { [name]: 1 } })],
      ['reserve', JSON.stringify({ reserve: { [name]: 1 } })],
    ],
  ),
  ['reserve/tokens', '{"cost":{"tokens":1},"reserve":{"tokens":1}}'],
  ['reserve/credits', '{"cost":1,"reserve":{"credits":1}}'],
  ['reserve/requests', '{"reserve":{"requests":1}}'],
  ...['0', '3601', '-1', '1.5', '"60"', 'null', '1e999'].map((text): [string, string] => [
    'reserveSeconds',
    `{"reserve":{"tokens":1},"reserveSeconds":${text}}`,
  ]),
  ['reserveSeconds', '{"reserveSeconds":60}'],
  ['reserveSeconds', '{"cost":1,"reserveSeconds":60}'],
]

async function post(path: string, payload: string) {
  const response = await service.app.inject({
    method: 'POST',
    url: path,
    headers: {
      authorization: `Bearer ${service.rootToken}`,
      'content-type': 'application/json',
    },
    payload,
  })
  return { status: response.statusCode, body: response.json() }
}

async function expectUntouched() {
  const { body } = await ask(service, 'GET', `/v1/keys/${key.id}`)
  for (const name of ['credits', 'tokens']) {
    expect(body.quotas[name]).toMatchObject({ used: 0, reserved: 0 })
  }
}

test.each(WRONG)('%s is refused in %s', async (path, question) => {
  const { status, body } = await post('/v1/verify', `{"secret":"${secret}",${question.slice(1)}`)
  expect([status, body.code]).toEqual([400, 'invalid_request'])
  const paths = body.fields.map((field: { path: string }) => field.path)
  expect(paths).toContainEqual(expect.stringMatching(new RegExp(`^${path}(?:/|$)`)))
  await expectUntouched()
})

test('__proto__ as a name is refused', async () => {
  for (const field of ['cost', 'reserve']) {
    const question = `{"secret":"${secret}","${field}":{"__proto__":1}}`
    expect(await post('/v1/verify', question)).toMatchObject({ status: 400 })
  }
  await expectUntouched()
})

test('constructor is a name like any other: it is charged by itself, and held in reserve', async () => {
  const quotas = { constructor: { limit: 10, period: 'none' }, tokens: QUOTAS.tokens }
  const created = await createKey(service, { quotas })
  const ask = (question: Record<string, unknown>) => verify(service, created.secret, question)
  expect(await ask({ cost: { tokens: 1 } })).toMatchObject({ remaining: { constructor: 10 } })
  expect(await ask({ cost: { constructor: 4 } })).toMatchObject({ remaining: { constructor: 6 } })
  const held = await ask({ reserve: { constructor: 6 } })
  expect(held).toMatchObject({ remaining: { constructor: 0 } })
  expect(await ask({ cost: { constructor: 1 } })).toMatchObject({ quota: 'constructor' })
  const path = `/v1/reservations/${held.reservationId}/settle`
  expect(await post(path, '{"cost":{"constructor":2}}')).toMatchObject({
    body: { charged: { constructor: 2 }, released: { constructor: 4 } },
  })
})

test.each([
  ...NO_AMOUNTS.map((text) => ['cost', `{"cost":{"tokens":${text}}}`]),
  ['cost', '{"cost":5}'],
  ['cost', '{"cost":null}'],
  ['cost', '{}'],
  ['cost', JSON.stringify({ cost: NINE })],
  ['cost/credits', '{"cost":{"credits":1}}'],
  ['cost/constructor', '{"cost":{"tokens":1,"constructor":1}}'],
  ['cost', '{"cost":{"toString":1}}'],
])(
  'a settlement with a wrong %s is refused and the reservation stays open: %s',
  async (path, body) => {
    const { reservationId } = await verify(service, secret, { reserve: { tokens: 5 } })
    const answer = await post(`/v1/reservations/${reservationId}/settle`, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    const paths = answer.body.fields.map((field: { path: string }) => field.path)
    expect(paths).toContainEqual(expect.stringMatching(new RegExp(`^${path}(?:/|$)`)))
    const release = await post(`/v1/reservations/${reservationId}/release`, '')
    expect(release).toMatchObject({ status: 400 })
    const { body: ended } = await ask(service, 'POST', `/v1/reservations/${reservationId}/release`)
    expect(ended).toMatchObject({ state: 'released', released: { tokens: 5 } })
    await expectUntouched()
  },
)

test.each([
  ...['-1', '0.5', '9007199254740992', '"1"', 'null', '1e999'].map((text) => [
    'used',
    `{"name":"tokens","used":${text}}`,
  ]),
  ['used', '{"name":"tokens"}'],
  ['name', '{"used":1}'],
  ['name', '{"name":"toString","used":1}'],
])('a count with a wrong %s is not set: %s', async (path, body) => {
  const answer = await post(`/v1/keys/${key.id}/quotas`, body)
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
  expect(answer.body.fields[0].path).toBe(path)
  await expectUntouched()
})

test('the greatest amount is taken by the greatest quota, to the unit', async () => {
  const quotas = { tokens: { limit: MAX, period: 'none' } }
  const created = await createKey(service, { quotas })
  const ask = (tokens: number) => verify(service, created.secret, { cost: { tokens } })
  expect(await ask(MAX - 1)).toMatchObject({ remaining: { tokens: 1 } })
  expect(await ask(2)).toMatchObject({ code: 'quota_exhausted' })
  expect(await ask(1)).toMatchObject({ remaining: { tokens: 0 } })
})
