import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as it arrived. */
export interface Seen {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Between {
  url: string
  /** Every request, in the order of arrival. */
  seen: Seen[]
}

type Answer = (request: Seen, response: ServerResponse) => void | Promise<void>

/** A real HTTP server that answers as the test says and records what came. It ends with the test. */
export async function answerWith(answer: Answer): Promise<Between> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const { method = '', url: path = '', headers } = request
    const arrived = { method, path, headers, body }
    seen.push(arrived)
    await answer(arrived, response)
  })
  const url = await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url, seen }
}

/** Sends the request on to the service at `target`. */
export function sendOn(target: string, { method, path, headers, body }: Seen): Promise<Response> {
  const { host: _host, connection: _connection, 'content-length': _length, ...rest } = headers
  return fetch(target + path, {
    method,
    headers: rest as Record<string, string>,
    ...(body && { body }),
    redirect: 'manual',
  })
}

/** Sends the request on and gives its answer back unchanged. */
export function passOn(target: string): Answer {
  return async (request, response) => {
    const answer = await sendOn(target, request)
    const text = await answer.text()
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
  }
}

/** One answer for every request. */
export function always(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }
}

/** A real TCP server for what no HTTP library would send. It ends with the test. */
export async function acceptWith(onSocket: (socket: Socket, count: number) => void) {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket, sockets.length)
  })
  const url = await listen(server)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url, sockets }
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
