import getPort from 'get-port'
import { describe, expect, test } from 'vitest'
import { type Client, createClient } from '../src/index.ts'
import { leases } from '../src/leases.ts'
import { createVerifier } from '../src/verifier.ts'
import { acceptWith, always, answerWith } from './_between.ts'

const SECRET = 'a secret'
const KEY = {
  id: 'k1',
  name: 'k',
  owner: null,
  project: 'p1',
  environment: 'live',
  permissions: [],
  allowedModels: null,
  metadata: {},
  expiresAt: null,
}

type VerifyDoor = Pick<Client, 'verify'>

/** Every way to ask: the client, the small verifier, and each with leases. */
const DOORS: [string, (baseUrl: string) => VerifyDoor][] = [
  ['client', (baseUrl) => createClient({ baseUrl, verify: { precheck: 'off', maxRetries: 0 } })],
  ['verifier', (baseUrl) => createVerifier({ baseUrl, precheck: 'off', maxRetries: 0 })],
  [
    'verifier with leases',
    (baseUrl) => createVerifier({ baseUrl, precheck: 'off', maxRetries: 0, lease: leases() }),
  ],
]

describe.each(DOORS)('%s: what is no verdict is an error, never an answer', (_name, open) => {
  const valid = { valid: true, code: 'valid', key: KEY, leaseMs: 1000 }

  test.each([
    ['an empty object', {}],
    ['null', null],
    ['a list', []],
    ['a list with a verdict', [valid]],
    ['a number', 1],
    ['true', true],
    ['a text', '"valid"'],
    ['nothing', ''],
    ['HTML', '<!doctype html><title>Welcome</title>'],
    ['JSON that is cut', '{"valid":true,"code":"valid"'],
    ['two answers', '{"valid":true}{"valid":true}'],
    ['valid with another code', { ...valid, code: 'revoked' }],
    ['valid with a code of a newer service', { ...valid, code: 'almost' }],
    ['valid without a code', { valid: true, key: KEY }],
    ['valid without a key', { valid: true, code: 'valid', leaseMs: 0 }],
    ['valid with null for a key', { ...valid, key: null }],
    ['valid with a key without an id', { ...valid, key: { ...KEY, id: '' } }],
    ['valid as a text', { ...valid, valid: 'true' }],
    ['valid as a number', { ...valid, valid: 1 }],
    ['not valid with the code valid', { valid: false, code: 'valid', key: KEY }],
    ['a code that is no text', { valid: false, code: 7 }],
    ['no code', { valid: false }],
    ['neither', { code: 'unknown' }],
    ['a problem document with 200', { type: 'urn:keysmith:error:internal', code: 'internal' }],
  ])('%s', async (_what, body) => {
    const { url, seen } = await answerWith(always(200, body))
    const door = open(url)
    for (let count = 1; count <= 2; count += 1) {
      await expect(door.verify(SECRET)).rejects.toMatchObject({
        name: 'ConnectionError',
        code: 'unrecognized_answer',
      })
      expect(seen).toHaveLength(count)
    }
  })

  test('no content', async () => {
    const { url } = await answerWith((_request, response) => void response.writeHead(204).end())
    await expect(open(url).verify(SECRET)).rejects.toMatchObject({ code: 'unrecognized_answer' })
  })

  test.each([201, 206, 299])('a verdict with status %i is one', async (status) => {
    const { url } = await answerWith(always(status, valid))
    expect((await open(url).verify(SECRET)).valid).toBe(true)
  })

  test.each([400, 401, 403, 404, 409, 429, 500, 503])(
    'a valid verdict with status %i lets nobody in',
    async (status) => {
      const { url } = await answerWith(always(status, valid))
      await expect(open(url).verify(SECRET)).rejects.toMatchObject({ status })
    },
  )

  test('a stopped service', async () => {
    const door = open(`http://127.0.0.1:${await getPort()}`)
    await expect(door.verify(SECRET)).rejects.toMatchObject({ code: 'connection_failed' })
  })

  test.each([
    ['malformed headers', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    [
      'a body that is cut',
      `HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n${JSON.stringify(valid)}`,
    ],
    [
      'a chunk that is cut',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n${JSON.stringify(valid)}`,
    ],
  ])('%s', async (_what, bytes) => {
    const { url } = await acceptWith((socket) => socket.once('data', () => socket.end(bytes)))
    await expect(open(url).verify(SECRET)).rejects.toMatchObject({ code: 'connection_failed' })
  })

  test('a code of a newer service is a refusal, and fields of one are kept', async () => {
    const verdict = { valid: false, code: 'wrong_planet', key: KEY, planet: 'Mars' }
    const { url } = await answerWith(always(200, verdict))
    expect(await open(url).verify(SECRET)).toEqual(verdict)
  })

  test('a question cannot replace the secret', async () => {
    const { url, seen } = await answerWith(always(200, { valid: false, code: 'unknown' }))
    const question = { secret: 'another', permissions: ['a'], model: null, ip: undefined }
    await open(url).verify(SECRET, question as object)
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      secret: SECRET,
      permissions: ['a'],
      model: null,
    })
  })
})
