import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { pipeline, Readable, Writable } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { onTestFinished } from 'vitest'
import { requireKey as requireExpressKey } from '../src/adapters/express.ts'
import { keyAuth } from '../src/adapters/fastify.ts'
import { requireKey as requireHonoKey } from '../src/adapters/hono.ts'
import { withKey } from '../src/adapters/next.ts'
import type { Amounts, KeyOptions, PresentedKey } from '../src/adapters/options.ts'
import { checkKey } from '../src/adapters/web.ts'

/** What all adapters share: options that do not look at the request. */
export interface ProtectOptions extends KeyOptions {
  permissions?: string[]
  model?: string | null
  cost?: number | Amounts | (() => number | Amounts)
  reserve?: Amounts | (() => Amounts)
  reserveSeconds?: number
  /** Of the adapters that see the answer. */
  settle?: () => Amounts | undefined
  /** What the handler does. Default: it answers `done`. */
  handle?: (key: PresentedKey) => Reply | Promise<Reply>
}

export interface Reply {
  status?: number
  body?: ReadableStream<Uint8Array>
}

/** What the handler is given of a key; the adapter for everything gives the facts of the verdict. */
type Given = Omit<PresentedKey, 'settle' | 'release'>

/** A real server on a real port, with one protected route for every path. */
export interface Protected {
  url: string
  /** What the handler was given, call by call. */
  handled: Given[]
  /** Everything that can be seen of the request in the handler and is written after it. */
  seen: string[]
  close: () => Promise<unknown>
}

export type Protect = (options: ProtectOptions) => Promise<Protected>

/** Larger than the largest header of the tests: it is the adapter that refuses, not the parser. */
const maxHeaderSize = 256 * 1024

export const ADAPTERS: Record<string, Protect> = {
  fastify: async ({ client, apiKeyHeader, allowQuery, logger, handle, ...key }) => {
    const { handled, seen } = records()
    const stream = new Writable({
      write: (line, _encoding, done) => {
        seen.push(String(line))
        done()
      },
    })
    const app = fastify({ http: { maxHeaderSize }, logger: { level: 'trace', stream } })
    app.register(keyAuth, { client, apiKeyHeader, allowQuery, logger })
    app.all('/*', { config: { key } }, async (request, reply) => {
      handled.push(request.key)
      const { headers, query, url, originalUrl, raw } = request
      request.log.info({ headers, query, url, originalUrl, seen: seenOf(raw) }, 'handled')
      if (!handle) return 'done'
      const { status = 200, body } = await handle(request.key)
      return reply.code(status).send(body ? toNode(body) : 'done')
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, handled, seen, close: () => app.close() }
  },

  express: async ({ handle, ...options }) => {
    const { handled, seen } = records()
    const app = express()
    app.use((request, response, next) => {
      response.on('finish', () => seen.push(JSON.stringify([request.originalUrl, request.headers])))
      next()
    })
    app.use(requireExpressKey(options), async (request, response) => {
      if (!request.key) throw new Error('no key')
      handled.push(request.key)
      seen.push(JSON.stringify([seenOf(request), request.query, request.originalUrl]))
      const { status = 200, body } = (await handle?.(request.key)) ?? {}
      response.status(status)
      if (body) pipeline(toNode(body), response, () => {})
      else response.send('done')
    })
    return { ...(await listen(createServer({ maxHeaderSize }, app))), handled, seen }
  },

  hono: async ({ handle, ...options }) => {
    const { handled, seen } = records()
    const app = new Hono()
    app.all('/*', requireHonoKey(options), async (context) => {
      const key = context.get('key')
      handled.push(key)
      return toResponse(await handle?.(key))
    })
    return { ...(await serveFetch(app.fetch)), handled, seen }
  },

  next: async ({ handle, ...options }) => {
    const { handled, seen } = records()
    const handler = withKey(async (_request: Request, { key }: { key: PresentedKey }) => {
      handled.push(key)
      return toResponse(await handle?.(key))
    }, options)
    return { ...(await serveFetch((request) => handler(request, Object()))), handled, seen }
  },

  web: async (options) => {
    const { handled, seen } = records()
    const check = checkKey(options)
    const running = await serveFetch(async (request) => {
      const outcome = await check(request)
      if (outcome instanceof Response) return outcome
      handled.push(outcome.key)
      return new Response('done')
    })
    return { ...running, handled, seen }
  },
}

function toNode(body: ReadableStream<Uint8Array>): Readable {
  // A reader that goes away is part of the tests.
  return Readable.from(body).on('error', () => {})
}

function toResponse({ status = 200, body }: Reply = {}): Response {
  return new Response(body ?? 'done', { status })
}

/** Starts it for the duration of a test. */
export async function protect(adapter: string, options: ProtectOptions): Promise<Protected> {
  const start = ADAPTERS[adapter]
  if (!start) throw new Error(`no adapter ${adapter}`)
  const running = await start(options)
  onTestFinished(async () => {
    await running.close()
  })
  return running
}

function records(): { handled: Given[]; seen: string[] } {
  return { handled: [], seen: [] }
}

/** Every place of a request of Node in which a header or the query can stand. */
function seenOf(request: import('node:http').IncomingMessage) {
  const { headers, headersDistinct, rawHeaders, url } = request
  return { headers, headersDistinct, rawHeaders, url, parsed: Object(request)._parsedUrl }
}

function serveFetch(fetch: (request: Request) => Response | Promise<Response>) {
  return listen(createAdaptorServer({ fetch, serverOptions: { maxHeaderSize } }) as Server)
}

export async function listen(server: Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${address.port}`, close }
}
