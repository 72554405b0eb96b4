import { ERROR_CODES } from '@keysmith/contract'
import { generateId, generateKey } from '@keysmith/key-format'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type JsonSchema, type LiveRoute, liveRoutes, routeName } from './_routes.ts'
import { createKey, startService, type TestService } from './_service.ts'

// Wrong bodies and queries, generated from the schema of every registered route: an unknown field is
// refused by name (R1, R3), a wrong value is refused at its path, nothing is repeated, nothing breaks.

/** Stands in every submitted value; no answer may repeat it. */
const MARKER = 'mark3r-7d1c'
const BODY_LIMIT = 16_384
const NDJSON = 'application/x-ndjson'

/** Fields that other services took from a caller as his identity or rights. */
const STOLEN_FIELDS = ['userId', 'workspaceId', 'tenantId', 'role', 'projectId']
const UNKNOWN_FIELDS = [
  ...STOLEN_FIELDS,
  ...['isAdmin', 'createdBy', 'digest', 'revision', 'hasOwnProperty', 'toString', 'valueOf'],
]

/** The smallest body that each operation accepts. A new route with a body must be added. */
const SMALLEST: Record<string, object> = {
  verify: { secret: 'x' },
  'keys.create': { name: 'x' },
  'keys.import': { name: 'x', secretSha256: 'a'.repeat(64) },
  'keys.update': { description: 'x' },
  'keys.revoke': { afterSeconds: 3600 },
  'keys.rotate': {},
  'keys.setOverlap': { overlapSeconds: 60 },
  'keys.setQuotaUsed': { name: 'tokens', used: 1 },
  'reservations.settle': { cost: {} },
  'policies.create': { name: 'x' },
  'policies.update': { description: 'x' },
  'projects.create': { name: 'x' },
  'projects.update': { description: 'x' },
  'tokens.create': { name: 'x', permissions: [] },
}

let service: TestService
let keyId: string
let withBody: LiveRoute[]
let routes: LiveRoute[]

beforeAll(async () => {
  service = await startService({ closeItself: false })
  keyId = (await createKey(service)).key.id
  routes = liveRoutes(service)
  withBody = routes.filter(({ schema }) => schema.body)
})
afterAll(() => service.close())

interface Submitted {
  path?: string
  query?: string
  payload?: string | Buffer
  type?: string
}

async function submit(route: LiveRoute, { query = '', payload, type }: Submitted) {
  const response = await service.app.inject({
    method: route.method as 'POST',
    url: `${route.url.replace(':id', keyId)}${query}`,
    headers: {
      authorization: `Bearer ${service.rootToken}`,
      ...(payload === undefined ? {} : { 'content-type': type ?? route.mediaType }),
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const label = `${routeName(route)} ${query} ${String(payload ?? '').slice(0, 200)}`
  expect(response.body, label).not.toContain(MARKER)
  expect(response.statusCode, `${label}: ${response.body}`).toBeLessThan(500)
  const answer = { status: response.statusCode, text: response.body, label }
  return isImport(route) ? ofOneLine(answer) : answer
}

const isImport = ({ mediaType }: LiveRoute) => mediaType === NDJSON

/** A wrong line of an import is refused in a report: here it counts as the answer to its body. */
function ofOneLine(answer: { status: number; text: string; label: string }) {
  if (answer.status !== 200) return answer
  const [line, ...more] = JSON.parse(answer.text).lines
  expect(more, answer.label).toEqual([])
  if (line.outcome !== 'refused') return answer
  const status = ERROR_CODES[line.code as keyof typeof ERROR_CODES].status
  return { ...answer, status, text: JSON.stringify(line) }
}

/** Paths of the wrong fields, out of a problem document that must be one. */
function wrongFields({ status, text, label }: Awaited<ReturnType<typeof submit>>): string[] {
  const { code, fields = [] } = JSON.parse(text)
  expect({ status, code }, `${label}: ${text}`).toEqual({ status: 400, code: 'invalid_request' })
  return fields.map(({ path }: { path: string }) => path)
}

const submitBody = (route: LiveRoute, body: unknown) =>
  submit(route, { payload: JSON.stringify(body) })

test('an unknown field in a body is refused by its name, on every route', async () => {
  expect(withBody.map(routeName).toSorted()).toEqual(Object.keys(SMALLEST).toSorted())
  for (const route of withBody) {
    for (const field of [...UNKNOWN_FIELDS, 'constructor', 'prototype']) {
      const answer = await submitBody(route, { ...SMALLEST[routeName(route)], [field]: MARKER })
      expect(wrongFields(answer), answer.label).toEqual([field])
    }
  }
})

test('an unknown field is refused inside of an object too', async () => {
  for (const route of withBody.filter(({ schema }) => schema.body?.properties?.rotation)) {
    for (const field of STOLEN_FIELDS) {
      const rotation = { everySeconds: null, overlapSeconds: 60, [field]: MARKER }
      const answer = await submitBody(route, { ...SMALLEST[routeName(route)], rotation })
      expect(wrongFields(answer)).toContain(`rotation/${field}`)
    }
  }
})

test('a route without a body takes no field', async () => {
  const silent = routes.filter(({ method, schema }) => method !== 'GET' && !schema.body)
  expect(silent.map(routeName)).toContain('keys.disable')
  for (const route of silent) {
    for (const body of [{ userId: MARKER }, [MARKER], MARKER, 5, true]) {
      expect(wrongFields(await submitBody(route, body))).toEqual([])
    }
  }
})

test('an unknown field in a query is refused by its name, on every route', async () => {
  for (const route of routes.filter(({ access }) => access !== 'local')) {
    const payload = route.schema.body && JSON.stringify(SMALLEST[routeName(route)])
    for (const field of [...UNKNOWN_FIELDS, 'constructor', '__proto__']) {
      const query = `?${field}=${MARKER}`
      const answer = await submit(route, { query, ...(payload === undefined ? {} : { payload }) })
      expect(wrongFields(answer), answer.label).toEqual([field])
    }
  }
})

const POISON = [
  `{"__proto__":{"name":"${MARKER}"}}`,
  `{"name":"x","__proto__":null}`,
  `{"name":"x","constructor":{"prototype":{"role":"${MARKER}"}}}`,
  `{"name":"x","metadata":{"__proto__":"${MARKER}"}}`,
  `{"name":"x","metadata":{"constructor":{"prototype":"${MARKER}"}}}`,
  `{"name":"x","rotation":{"__proto__":{"overlapSeconds":1}}}`,
]
const BROKEN = [
  ...[
    '',
    ' ',
    '{',
    '[',
    '}',
    '{"name":}',
    "{'name':'x'}",
    '{"name":"x",}',
    '{name:1}',
    'undefined',
  ],
  ...['NaN', '{"name":"x"}{"name":"y"}', '\u0000', `{"name":"${MARKER}`, `"${MARKER}`, '01', '0x1'],
  ...[`{"${MARKER}`, `{"name":"${MARKER}"} trailing`, '{"name":"x"\u0000}', '/**/{}'],
]
const NO_OBJECTS = ['5', '""', `"${MARKER}"`, 'true', '[]', `["${MARKER}"]`, '[{"name":"x"}]']

test('what is no JSON object is refused, on every route', async () => {
  for (const route of withBody) {
    for (const payload of [...POISON, ...BROKEN, ...NO_OBJECTS]) {
      wrongFields(await submit(route, { payload }))
    }
  }
})

test('a deeply nested body is refused, and one that is too large is not even read', async () => {
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth)
  for (const route of routes.filter(({ method }) => method !== 'GET')) {
    for (const field of ['name', 'metadata', 'permissions', 'rotation', 'secret']) {
      for (const value of [
        nested('[', ']', 8000),
        nested('{"a":', '}', 2700).replace(':}', ':1}'),
      ]) {
        wrongFields(await submit(route, { payload: `{"${field}":${value}}` }))
      }
    }
    const tooLarge = [
      nested('[', ']', 10_000),
      JSON.stringify({ name: MARKER.repeat(10_000) }),
      Buffer.alloc(100 * 1024, 'x'),
      `{}${' '.repeat(BODY_LIMIT)}`,
    ]
    for (const payload of isImport(route) ? tooLarge.slice(0, -1) : tooLarge) {
      const { status, text } = await submit(route, { payload })
      expect([status, JSON.parse(text).code]).toEqual([413, 'too_large'])
    }
  }
})

/** Values of every JSON type; those that the schema allows are left out. */
const OF_EACH_TYPE: [type: string, value: unknown][] = [
  ['null', null],
  ['boolean', true],
  ['number', 1.5],
  ['integer', 7],
  ['string', MARKER],
  ['array', [MARKER]],
  ['array', [null]],
  ['array', [{}]],
  ['object', { [MARKER]: MARKER }],
  ['object', { length: 1, 0: MARKER }],
]

/** Text that is refused wherever people may write. */
const UNPRINTABLE = ['\u0000', '\u0007', '\u001b[31m', '\u007f', '\u0085', '\ud800', '\udc00', '\b']

function wrongValues(schema: JsonSchema): unknown[] {
  const branches = schema.anyOf ?? [schema]
  const types = branches.flatMap(({ type = [] }) => type)
  const ofOtherTypes = OF_EACH_TYPE.filter(
    ([type]) => !types.includes(type) && !(type === 'integer' && types.includes('number')),
  ).map(([, value]) => value)
  return [
    ...ofOtherTypes,
    ...(types.includes('string') ? wrongStrings(schema) : []),
    ...(types.includes('integer') ? wrongIntegers(schema) : []),
    ...(types.includes('array') ? wrongArrays(schema) : []),
  ]
}

function wrongIntegers({ maximum }: JsonSchema): unknown[] {
  const tooLarge = maximum === undefined ? [] : [maximum + 1, 1e300]
  return [-1, 0.5, -0.1, '7', '0', [7], ...tooLarge]
}

function wrongStrings({ enum: values, format, maxLength }: JsonSchema): unknown[] {
  const unprintable = UNPRINTABLE.map((text) => `${MARKER}${text}`)
  if (values) return [MARKER, '', 'LIVE', ' live', ...unprintable]
  if (format) return [MARKER, '', '2027-02-30T00:00:00Z', '2027-13-01T00:00:00Z', ...unprintable]
  // The one string without a bound is a presented secret: its wrong forms have a verdict.
  if (maxLength === undefined) return []
  return [
    MARKER.repeat(100)
      .slice(0, maxLength + 1)
      .padEnd(maxLength + 1, 'x'),
    ...unprintable,
  ]
}

function wrongArrays({ items = {}, maxItems = 100 }: JsonSchema): unknown[] {
  const many = Array.from({ length: maxItems + 1 }, (_, index) => `a${index}`)
  return [many, ['a:b', 'a:b'], ...wrongValues(items).map((value) => [value])]
}

test('a wrong value is refused at its path, for every field of every body', async () => {
  let cases = 0
  for (const route of withBody) {
    for (const [field, schema] of Object.entries(route.schema.body?.properties ?? {})) {
      // The same permission twice in a question is no mistake.
      const values = wrongValues(schema).filter(
        (value) => routeName(route) !== 'verify' || JSON.stringify(value) !== '["a:b","a:b"]',
      )
      for (const value of values) {
        const answer = await submitBody(route, { ...SMALLEST[routeName(route)], [field]: value })
        const path = new RegExp(`^${field}(?:/|$)`)
        expect(wrongFields(answer), answer.label).toContainEqual(expect.stringMatching(path))
        cases += 1
      }
    }
  }
  process.stdout.write(`wrong values in bodies: ${cases}\n`)
  expect(cases).toBeGreaterThan(500)
})

const rate = { limit: 1, windowSeconds: 1 }
const quota = { limit: 1, period: 'day' }
const named = (count: number, value: object) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, value]))
const WRONG_AMOUNTS = [-1, 0.5, 1e300, 2 ** 53, '1', '', null, [1], {}, true]

/** Maps of limits that are wrong somewhere: by the name of their field, or what it ends in. */
const WRONG_LIMITS: Record<'RateLimits' | 'Quotas', object[]> = {
  RateLimits: [
    ...[0, 10_000_001, ...WRONG_AMOUNTS].map((limit) => ({ requests: { ...rate, limit } })),
    ...[0, 2_678_401, ...WRONG_AMOUNTS].map((windowSeconds) => ({ a: { ...rate, windowSeconds } })),
    { requests: { limit: 1 } },
    { requests: { windowSeconds: 1 } },
    { requests: { ...rate, period: MARKER } },
    ...['', 'A', 'a b', 'a-b', '1a', '_a', 'a'.repeat(33)].map((name) => ({
      [name]: rate,
    })),
    { requests: MARKER },
    { requests: null },
    named(9, rate),
  ],
  Quotas: [
    ...WRONG_AMOUNTS.map((limit) => ({ tokens: { ...quota, limit } })),
    ...['year', 'Day', '', MARKER, null, 5].map((period) => ({ tokens: { ...quota, period } })),
    ...['warn', '', MARKER, null].map((onExceed) => ({ tokens: { ...quota, onExceed } })),
    { tokens: { limit: 1 } },
    { tokens: { ...quota, used: 0 } },
    ...['', 'A', 'a b', 'a-b', '1a'].map((name) => ({ [name]: quota })),
    { tokens: MARKER },
    named(9, quota),
  ],
}

test('a wrong limit is refused at its path, wherever limits are set', async () => {
  const fields = new Set<string>()
  for (const route of withBody) {
    for (const [end, wrong] of Object.entries(WRONG_LIMITS)) {
      const isLimits = (name: string) => name.toLowerCase().endsWith(end.toLowerCase())
      for (const field of Object.keys(route.schema.body?.properties ?? {}).filter(isLimits)) {
        fields.add(`${routeName(route)} ${field}`)
        for (const limits of wrong) {
          const answer = await submitBody(route, { ...SMALLEST[routeName(route)], [field]: limits })
          const path = new RegExp(`^${field}(?:/|$)`)
          expect(wrongFields(answer), answer.label).toContainEqual(expect.stringMatching(path))
        }
      }
    }
  }
  expect(fields.size).toBe(14)
})

const LABELS: [what: string, labels: object][] = [
  ['a value of another type', { a: 5 }],
  ['null', { a: null }],
  ['a nested object', { a: { b: MARKER } }],
  ['a value that is too long', { a: MARKER.padEnd(1001, 'x') }],
  ['a control character', { a: `${MARKER}\u0000` }],
  ['an empty name', { '': MARKER }],
  ['a name that is too long', { ['a'.repeat(65)]: MARKER }],
  ['a name with a space', { 'a b': MARKER }],
  ['a name that starts with a sign', { '-a': MARKER }],
  ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`a${index}`, '']))],
  [
    'too much in all',
    { a: 'x'.repeat(1000), b: 'x'.repeat(1000), c: 'é'.repeat(999), d: 'y'.repeat(200) },
  ],
]

test.each(['metadata', 'tags'])('%s takes short plain strings only', async (field) => {
  for (const route of withBody.filter(({ schema }) => schema.body?.properties?.[field])) {
    for (const [what, labels] of LABELS) {
      const answer = await submitBody(route, { ...SMALLEST[routeName(route)], [field]: labels })
      const path = new RegExp(`^${field}(?:/|$)`)
      expect(wrongFields(answer), what).toContainEqual(expect.stringMatching(path))
    }
  }
})

test('names of the prototype are ordinary labels: they come back as they were sent', async () => {
  const metadata = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', prototype: 'd' }
  const { key } = await createKey(service, { metadata })
  const shown = await service.app.inject({
    url: `/v1/keys/${key.id}`,
    headers: { authorization: `Bearer ${service.rootToken}` },
  })
  expect(JSON.stringify(shown.json().metadata)).toBe(JSON.stringify(metadata))
})

/** Times that the grammar of RFC 3339 allows and no calendar has, or that only some parsers read. */
const ODD_TIMES = ['2030-12-31T23:59:60Z', '2030-06-30T23:59:60Z', '2030-12-31 23:59:60Z']

test.each(['notBefore', 'expiresAt'])('%s is a time, or refused', async (field) => {
  for (const route of withBody.filter(({ schema }) => schema.body?.properties?.[field])) {
    for (const time of ODD_TIMES) {
      const answer = await submitBody(route, { ...SMALLEST[routeName(route)], [field]: time })
      expect(wrongFields(answer), answer.label).toEqual([field])
    }
  }
})

test('the name of a wrong label is not shown when it may be a secret', async () => {
  const { secret } = generateKey({ brand: 'ks', kind: 'live' })
  for (const name of [secret.slice(0, 64), secret.slice(9, 59), secret.slice(-64)]) {
    const route = withBody.find((candidate) => routeName(candidate) === 'keys.create')!
    const answer = await submitBody(route, { name: 'x', metadata: { [name]: 5 } })
    expect(wrongFields(answer)).toHaveLength(1)
    expect(answer.text).not.toContain(secret.slice(30, 45))
  }
})

test('a wrong value in a query is refused at its path', async () => {
  const wrong = (name: string, schema: JsonSchema): string[] => {
    const { minimum = 0, maximum = 1e6 } = schema
    const texts = [schema.type].flat().includes('integer')
      ? [
          '',
          String(minimum - 1),
          '1.5',
          String(maximum + 1),
          '1e9',
          'NaN',
          'null',
          'true',
          MARKER,
          '9'.repeat(400),
          'Infinity',
          '-Infinity',
          '1e999',
        ]
      : [`${MARKER}%00`, `${MARKER}%0a`, `${MARKER.repeat(30)}%20`, `${MARKER}%1b`, '']
    return [...texts.map((text) => `?${name}=${text}`), `?${name}=1&${name}=2`, `?${name}[]=1`]
  }
  for (const route of routes) {
    for (const [name, schema] of Object.entries(route.schema.querystring?.properties ?? {})) {
      for (const query of wrong(name, schema)) {
        const path = new RegExp(`^${name}`)
        const payload = isImport(route) && JSON.stringify(SMALLEST['keys.import'])
        const answer = await submit(route, { query, ...(payload ? { payload } : {}) })
        if (query.includes('[]')) wrongFields(answer)
        else expect(wrongFields(answer)).toContainEqual(expect.stringMatching(path))
      }
    }
  }
})

test('an id in a path may be anything: it is answered like an absent one', async () => {
  const ids = [
    '%00',
    'A',
    MARKER,
    '%F0%9F%94%91',
    'a'.repeat(100),
    '__proto__',
    'constructor',
    "'%20OR%201=1--",
    '%22',
    '..%2f..',
    '%EF%BF%BD',
  ]
  for (const route of routes.filter(({ url }) => url.includes(':id'))) {
    for (const id of ids) {
      const response = await service.app.inject({
        method: route.method as 'GET',
        url: route.url.replace(':id', id),
        headers: { authorization: `Bearer ${service.rootToken}` },
        ...(route.schema.body ? { payload: SMALLEST[routeName(route)] as object } : {}),
      })
      expect(response.statusCode, `${routeName(route)} ${id}: ${response.body}`).toBe(404)
      expect(response.json().code).toMatch(/_not_found$/)
      expect(response.body).not.toContain(MARKER)
    }
  }
})

const OTHER_TYPES = [
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
  ...['text/json', 'application/xml', 'application/jsonx', 'application/json-patch+json'],
  ...['application/problem+json', 'application/json+x', 'application/ld+json', '*/*', 'json'],
  ...[
    'application/json, text/plain',
    'application/json text/plain',
    'application/json\ttext/plain',
  ],
  ...[
    'application/',
    '/',
    'application',
    'application/json/x',
    'application\\json',
    'a/application/json',
  ],
  ...['application/j\u0000son', 'application/json x;charset=utf-8'],
  ...['application/json,application/json', ',application/json', 'xapplication/json'],
]
const ODD_JSON_TYPES = [
  'application/json\u00a0',
  ...['application/json;', 'application/json ; charset=utf-8', 'application/json; charset=utf-16'],
  ...['APPLICATION/JSON', 'application/json; a="b', 'application/json;;;', ' application/json '],
  ...[
    'application/json; charset=x; charset=y',
    'application/json\t',
    'application/json;application/xml',
  ],
]

test('no content type leads past the schema', async () => {
  for (const route of routes.filter(({ method }) => method !== 'GET')) {
    const bodies = ['{"userId":1}', 'userId=1', MARKER]
    for (const payload of bodies) {
      for (const type of [...OTHER_TYPES, isImport(route) ? 'application/json' : NDJSON]) {
        const { status, text, label } = await submit(route, { payload, type })
        expect(status, `${label} as ${type}: ${text}`).toBe(415)
      }
      for (const type of ODD_JSON_TYPES) {
        const { status, text, label } = await submit(route, { payload, type })
        expect([400, 415], `${label} as ${type}: ${text}`).toContain(status)
      }
      const { status, label } = await submit(route, { payload, type: '' })
      expect(status, label).toBe(415)
    }
  }
})

test('a body without a content type is refused', async () => {
  for (const route of withBody) {
    const { status } = await submit(route, { payload: '{}', type: '' })
    expect(status).toBe(415)
  }
})

// Arbitrary values where the schema has a field: JSON of every shape, text of every code unit, and
// values that are nearly right.
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
const anyValue = fc.oneof(
  fc.jsonValue(),
  anyText,
  fc.array(anyText, { maxLength: 4 }),
  fc.constantFrom('jobs:write', 'jobs:*', '203.0.113.0/24', '::/0', '::ffff:1.2.3.4', 'llama-*'),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.dictionary(anyText, anyText, { maxKeys: 4 }),
)

/** Bodies with fields of this route, right and wrong ones mixed. */
function anyBody(route: LiveRoute) {
  const fields = Object.keys(route.schema.body?.properties ?? {})
  const model = Object.fromEntries(fields.map((field) => [field, anyValue]))
  const wrong = fc.record(model, { requiredKeys: [] })
  return fc.oneof(
    wrong,
    wrong.map((body) => ({ ...body, ...SMALLEST[routeName(route)] })),
    fc.tuple(fc.constantFrom(...fields), anyValue).map(([field, value]) => ({
      ...SMALLEST[routeName(route)],
      [field]: value,
    })),
  )
}

test.each([
  'verify',
  'keys.create',
  'keys.update',
  'keys.import',
  'tokens.create',
  'policies.create',
  'policies.update',
  'projects.create',
])('%s answers every body with less than 500', async (name) => {
  const route = withBody.find((candidate) => routeName(candidate) === name)!
  const project = { name: `p-${generateId()}` }
  await fc.assert(
    fc.asyncProperty(anyBody(route), async (body) => {
      // Names of projects are unique: a random one is as good.
      const payload = JSON.stringify(name === 'projects.create' ? { ...project, ...body } : body)
      const response = await service.app.inject({
        method: route.method as 'POST',
        url: route.url.replace(':id', keyId),
        headers: {
          authorization: `Bearer ${service.rootToken}`,
          'content-type': route.mediaType,
        },
        payload,
      })
      expect(response.statusCode, `${payload}: ${response.body}`).toBeLessThan(500)
    }),
    { numRuns: 300 },
  )
})
