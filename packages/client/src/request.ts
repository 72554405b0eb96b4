import { parseKey } from '@keysmith/key-format'
import type { Call } from './call.ts'
import type { ConnectionOptions } from './options.ts'
import { VERSION } from './version.gen.ts'

/** Method, headers and body of an attempt. The token is asked for anew each time. */
export async function requestOf(connection: ConnectionOptions, call: Call, count: number) {
  const { method, body, contentType = 'application/json', options } = call
  const token = await readToken(connection)
  const headers = toHeaders(
    { ...connection.headers, ...options?.headers },
    {
      accept: 'application/json',
      authorization: token && `Bearer ${token}`,
      'content-type': body && contentType,
      'idempotency-key': options?.idempotencyKey,
      traceparent: connection.traceparent?.(),
      'user-agent': `keysmith-client/${VERSION}`,
      'x-keysmith-attempt': `${count}`,
    },
  )
  return { method, headers, ...(body && { body }) }
}

async function readToken({ token, dangerouslyAllowBrowser }: ConnectionOptions) {
  const value = typeof token === 'function' ? await token() : token
  if ('document' in globalThis && !dangerouslyAllowBrowser) {
    const key = parseKey(value)
    if (key.ok && key.kind === 'root') {
      throw new TypeError('A management token must not be in a browser')
    }
  }
  return value
}

/** Ours win. The platform's own error would quote the value, which may be the token. */
function toHeaders(theirs: Record<string, string>, ours: Record<string, string | undefined>) {
  try {
    const headers = new Headers(theirs)
    for (const [name, value] of Object.entries(ours)) if (value) headers.set(name, value)
    return headers
  } catch {
    throw new TypeError('The token or a header is not valid')
  }
}
