import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { rawRequest, sendRaw } from './_raw-http.ts'
import type { TestService } from './_service.ts'

export interface Request {
  method?: string
  target?: string
  token?: string
  headers?: [name: string, value: string][]
  body?: string | Buffer
}

export interface Comparable {
  status: number
  headers: Record<string, unknown>
  body: string
}

/** Listens on a port of this machine; gives the URL. */
export async function listen({ app }: TestService): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

export const JSON_TYPE: [string, string] = ['Content-Type', 'application/json']
export const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`]

/** A token and a body as JSON, unless the request says otherwise; a header NONE is left out. */
function headersOf({ headers = [], token = '' }: Request): [string, string][] {
  const isGiven = (name: string) => headers.some(([given]) => given.toLowerCase() === name)
  return [
    ...(isGiven('authorization') ? [] : [bearer(token)]),
    ...(isGiven('content-type') ? [] : [JSON_TYPE]),
    ...headers,
  ].filter(([, value]) => value !== 'NONE') as [string, string][]
}

/** The whole request as bytes, on a connection of its own. */
export async function overNetwork(url: string, request: Request): Promise<Comparable> {
  const { status, headers, body } = await sendRaw(url, bytesOf(request))
  return comparable({ status, headers, body: Buffer.from(body, 'latin1').toString('utf8') })
}

/** The bytes of a request that ends its connection. */
export function bytesOf(request: Request): Buffer {
  const { method = 'POST', target = '/v1/verify', body } = request
  const headers = headersOf(request)
  const head = { method, target, headers }
  const isChunked = headers.some(([name]) => name === 'Transfer-Encoding')
  if (body === undefined || !isChunked) {
    return rawRequest({ ...head, ...(body !== undefined && { body }) })
  }
  const bytes = Buffer.from(body)
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`)
  return Buffer.concat([rawRequest(head), size, bytes, Buffer.from('\r\n0\r\n\r\n')])
}

/** The same through the framework. */
export async function byFramework({ app }: TestService, request: Request): Promise<Comparable> {
  const { method = 'POST', target = '/v1/verify', body } = request
  const headers: Record<string, string> = {}
  for (const [name, value] of headersOf(request)) {
    const known = headers[name.toLowerCase()]
    headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`
  }
  const answer = await app.inject({
    method: method as 'POST',
    url: target,
    headers,
    ...(body !== undefined && { payload: body }),
  })
  return comparable({ status: answer.statusCode, headers: answer.headers, body: answer.body })
}

/** Without what differs from one request to the next, and what belongs to the connection. */
function comparable({ status, headers, body }: Comparable): Comparable {
  const { 'x-request-id': id, date, connection, 'content-length': length, ...others } = headers
  expect(id).toMatch(/^[0-9a-z]+-[0-9a-z]+$/)
  expect(date).toEqual(expect.any(String))
  if (body !== '') expect(Number(length)).toBe(Buffer.byteLength(body))
  const { 'keep-alive': _alive, ratelimit, ...kept } = others
  return {
    status,
    headers: {
      ...kept,
      ...(ratelimit !== undefined && { ratelimit: String(ratelimit).replaceAll(/\d+/g, 'N') }),
    },
    body: body.replaceAll(String(id), 'ID').replace(/"retryAfterMs":\d+/, '"retryAfterMs":N'),
  }
}

/** A body that asks about this secret. */
export const question = (secret: string, about: object = {}) => JSON.stringify({ secret, ...about })

/** The same, and the connection stays open. */
export const keptOpen = (request: Request) =>
  Buffer.from(bytesOf(request).toString('latin1').replace('Connection: close\r\n', ''), 'latin1')
