import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  /** Names in lower case; the last of equal ones counts. */
  headers: Record<string, string>
  body: string
  /** All bytes that came back, as latin1 text. */
  text: string
}

const TIMEOUT_MS = 5000

/**
 * Sends these bytes on a connection of their own and reads until the server closes it: for requests
 * that no HTTP library would send. The request must ask for `Connection: close`.
 */
export function sendRaw(url: string, request: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(request))
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy(new Error(`no end of the answer within ${TIMEOUT_MS} ms`))
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // The server may close while a large request is still being sent.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (chunks.length === 0) reject(error)
    })
    socket.on('close', () => {
      if (chunks.length === 0) reject(new Error('closed without an answer'))
      else resolve(parse(Buffer.concat(chunks).toString('latin1')))
    })
  })
}

/** The bytes of a request; header values are written as they are, as latin1. */
export function rawRequest(options: {
  method?: string
  target: string
  headers?: readonly (readonly [name: string, value: string])[]
  body?: string | Buffer
}): Buffer {
  const { method = 'GET', target, headers = [], body } = options
  const bytes = Buffer.from(body ?? '')
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${bytes.length}`]),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: text.slice(end + 4),
    text,
  }
}
