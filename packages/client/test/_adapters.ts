import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Writable } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { onTestFinished } from 'vitest'
import { requireKey as requireExpressKey } from '../src/adapters/express.ts'
import { keyAuth } from '../src/adapters/fastify.ts'
import { requireKey as requireHonoKey } from '../src/adapters/hono.ts'
import { withKey } from '../src/adapters/next.ts'
import type { KeyOptions, PresentedKey } from '../src/adapters/options.ts'
import { checkKey } from '../src/adapters/web.ts'

/** What all adapters share: options that do not look at the request. */
export interface ProtectOptions extends KeyOptions {
  permissions?: string[]
  model?: string | null
}

/** A real server on a real port, with one protected route for every path. */
export interface Protected {
  url: string
  /** What the handler was given, call by call. */
  handled: PresentedKey[]
  /** Everything that can be seen of the request in the handler and is written after it. */
  seen: string[]
  close: () => Promise<unknown>
}

export type Protect = (options: ProtectOptions) => Promise<Protected>

/** Larger than the largest header of the tests: it is the adapter that refuses, not the parser. */
const maxHeaderSize = 256 * 1024

export const ADAPTERS: Record<string, Protect> = {
  fastify: async ({ permissions, model, ...options }) => {
    const { handled, seen } = records()
    const stream = new Writable({
      write: (line, _encoding, done) => {
        seen.push(String(line))
        done()
      },
    })
    const app = fastify({ http: { maxHeaderSize }, logger: { level: 'trace', stream } })
    app.register(keyAuth, options)
    const key = { ...(permissions && { permissions }), ...(model !== undefined && { model }) }
    app.all('/*', { config: { key } }, async (request) => {
      handled.push(request.key)
      const { headers, query, url, originalUrl, raw } = request
      request.log.info({ headers, query, url, originalUrl, seen: seenOf(raw) }, 'handled')
      return 'done'
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, handled, seen, close: () => app.close() }
  },

  express: async ({ permissions, model, ...options }) => {
    const { handled, seen } = records()
    const app = express()
    app.use((request, response, next) => {
      response.on('finish', () => seen.push(JSON.stringify([request.originalUrl, request.headers])))
      next()
    })
    app.use(
      requireExpressKey({
        ...options,
        ...(permissions && { permissions }),
        ...(model !== undefined && { model }),
      }),
      (request, response) => {
        if (request.key) handled.push(request.key)
        seen.push(JSON.stringify([seenOf(request), request.query, request.originalUrl]))
        response.send('done')
      },
    )
    return { ...(await listen(createServer({ maxHeaderSize }, app))), handled, seen }
  },

  hono: async (options) => {
    const { handled, seen } = records()
    const app = new Hono()
    app.all('/*', requireHonoKey(options), (context) => {
      handled.push(context.get('key'))
      return context.text('done')
    })
    return { ...(await serveFetch(app.fetch)), handled, seen }
  },

  next: async (options) => {
    const { handled, seen } = records()
    const handler = withKey((_request: Request, { key }: { key: PresentedKey }) => {
      handled.push(key)
      return new Response('done')
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

function records(): { handled: PresentedKey[]; seen: string[] } {
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
