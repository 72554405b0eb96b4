import { parseKey } from '@keysmith/key-format'
import type { Call } from './call.ts'
import type { ConnectionOptions } from './options.ts'
import { VERSION } from './version.gen.ts'

/** What `fetch` is given for an attempt. The token is asked for anew each time. */
export async function requestOf(connection: ConnectionOptions, call: Call, count: number) {
  const { method, body, contentType = 'application/json', options } = call
  const token = await readToken(connection)
  const headers = toHeaders(connection.headers, options?.headers, {
    accept: 'application/json',
    authorization: token && `Bearer ${token}`,
    'content-type': body && contentType,
    'idempotency-key': options?.idempotencyKey,
    traceparent: connection.traceparent?.(),
    'user-agent': `keysmith-client/${VERSION}`,
    'x-keysmith-attempt': `${count}`,
  })
  return {
    method,
    headers,
    ...(body && { body }),
    // A bearer token must not follow a redirect.
    redirect: 'manual' as const,
    // Next.js may keep what its `fetch` was answered, to a POST too, unless it is told not to.
    cache: 'no-store' as const,
  }
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

/** The later ones win. The platform's own error would quote the value, which may be the token. */
function toHeaders(...layers: (Record<string, string | undefined> | undefined)[]): Headers {
  const headers = new Headers()
  try {
    for (const [name, value] of layers.flatMap((layer) => Object.entries(layer ?? {}))) {
      if (value) headers.set(name, value)
    }
  } catch {
    throw new TypeError('The token or a header is not valid')
  }
  return headers
}
