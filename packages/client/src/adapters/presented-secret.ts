import type { KeyOptions } from './options.ts'

/** What a request presents: one secret, or why there is none to check. */
export type Presented = { secret: string } | 'absent' | 'malformed' | 'ambiguous'

/** Names of the header and the query parameter to read, where these are allowed. */
export interface Places {
  header: string | undefined
  parameter: string | undefined
}

const MAX_LENGTH = 1024
/** `b64token` of RFC 6750, 2.1. */
const TOKEN = /^[\w.~+/-]+=*$/
const TWO_TOKENS = /[^ \t,][ \t,]+[^ \t,]/

export function placesOf({ apiKeyHeader, allowQuery }: KeyOptions): Places {
  const name = (given: boolean | string | undefined, usual: string) =>
    given === true ? usual : given || undefined
  return {
    header: name(apiKeyHeader, 'x-api-key')?.toLowerCase(),
    parameter: name(allowQuery, 'api_key'),
  }
}

/**
 * Reads by grammar, from every value of each form. Nothing is trimmed: what HTTP allows around a value,
 * its parser has removed.
 */
export function readSecret(authorization: string[], ...others: string[][]): Presented {
  const forms = [authorization.map(bearerOf), ...others]
  if (forms.some((values) => values.length > 1)) return 'ambiguous'
  const [secret, other] = new Set(forms.flat().filter(Boolean))
  if (secret === undefined) return 'absent'
  if (other !== undefined) return 'ambiguous'
  if (secret.length > MAX_LENGTH) return 'malformed'
  if (TWO_TOKENS.test(secret)) return 'ambiguous'
  return TOKEN.test(secret) ? { secret } : 'malformed'
}

/** RFC 9110, 11.4: the scheme in any case, one space or more, the token. Empty for another scheme. */
function bearerOf(value: string): string {
  const [credentials, token = ''] = /^bearer(?: +(.*))?$/is.exec(value) ?? []
  // Some HTTP libraries join repeated headers by a comma.
  const isJoined = credentials === undefined && /,[ \t]*bearer /i.test(value)
  return isJoined ? value : token
}
