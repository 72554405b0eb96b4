import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

/**
 * Sends a request with these header lines byte for byte, for what no HTTP library would send, and reads
 * until the server closes the connection.
 */
export function sendRaw(
  url: string,
  lines: readonly string[],
  target = '/jobs',
  method = 'GET',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const head = [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...lines]
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () =>
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')),
    )
    socket.setTimeout(10_000, () => socket.destroy(new Error('no end of the answer')))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', (error) => chunks.length === 0 && reject(error))
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))))
  })
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const status = Number(statusLine.split(' ')[1])
  return { status, headers: Object.fromEntries(headers), body: text.slice(end + 4) }
}
