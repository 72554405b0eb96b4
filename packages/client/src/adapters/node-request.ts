import { type Places, type Presented, readSecret } from './presented-secret.ts'

/** What Node, HTTP/2 and test injection have in common. */
export interface NodeRequest {
  headers: Record<string, string | string[] | undefined>
  rawHeaders: string[]
  headersDistinct?: Record<string, string[] | undefined>
  url?: string | undefined
  originalUrl?: string
  /** Express up to 4 parses the query before all middleware. */
  query?: unknown
  /** Where Express remembers the parts of both URLs. */
  _parsedUrl?: unknown
  _parsedOriginalUrl?: unknown
}

/** From the first question mark on: the query may have more of them. */
const QUERY = /\?(.*)/s

/** For a second check of the same request, and not on the request, where it would be logged. */
const taken = new WeakMap<object, Presented>()

/** Reads the secret and removes it from the request, whether it is good or not. */
export function takeSecret(request: NodeRequest, { header, parameter }: Places): Presented {
  const before = taken.get(request)
  if (before) return before
  const presented = readSecret(
    takeHeader(request, 'authorization'),
    header ? takeHeader(request, header) : [],
    parameter ? takeParameter(request, parameter) : [],
  )
  taken.set(request, presented)
  return presented
}

/** Of a repeated header, `headers` has only the first or all joined, so the raw ones are counted. */
function takeHeader(request: NodeRequest, name: string): string[] {
  // Node derives the distinct ones late, and from as many raw ones as there were at first.
  const { headers, rawHeaders, headersDistinct } = request
  const repeated: string[] = []
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index]?.toLowerCase() === name) repeated.push(...rawHeaders.splice(index, 2))
  }
  const values = [headers[name] ?? []].flat()
  delete headers[name]
  delete headersDistinct?.[name]
  return repeated.length > 2 ? repeated : values
}

function takeParameter(request: NodeRequest, name: string): string[] {
  const [, search] = request.url?.split(QUERY) ?? []
  for (const field of ['url', 'originalUrl'] as const) {
    const url = request[field]
    if (url !== undefined) request[field] = withoutParameter(url, name)
  }
  delete Object(request.query)[name]
  delete request._parsedUrl
  delete request._parsedOriginalUrl
  // HTTP/2 has the URL among the headers.
  const { rawHeaders } = request
  const at = rawHeaders.indexOf(':path') + 1
  if (at) rawHeaders[at] = withoutParameter(rawHeaders[at] ?? '', name)
  return new URLSearchParams(search).getAll(name)
}

/** The rest of the URL stays as it was written. */
function withoutParameter(url: string, name: string): string {
  const [path = '', query = ''] = url.split(QUERY)
  const rest = query.split('&').filter((part) => !new URLSearchParams(part).has(name))
  return query && rest.length ? `${path}?${rest.join('&')}` : path
}
