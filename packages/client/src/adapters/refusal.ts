import type { Verdict } from '../verdict.ts'
import type { Presented } from './presented-secret.ts'

/** The whole answer to a request that is not let through. */
export interface Refusal {
  valid: false
  status: number
  headers: Record<string, string>
  /** RFC 9457 problem details of the type `about:blank`: their title is that of the status. */
  body: string
}

type Refused = Extract<Verdict, { valid: false }>

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** Nobody could say whether the key is good. */
export function unavailable(): Refusal {
  return refuse(503, 'service_unavailable')
}

/** All answers of status 401 have one body: it does not say what is wrong with the key. */
export function refuseUnread(presented: Exclude<Presented, object>): Refusal {
  if (presented === 'ambiguous') return refuse(400, 'ambiguous_credentials')
  return challenge(401, 'unauthorized', presented === 'absent' ? '' : ' error="invalid_token"')
}

export function refuseVerdict({ code, retryAfterMs, resetsAt }: Refused): Refusal {
  switch (code) {
    case 'missing_permission':
      return challenge(403, code, ' error="insufficient_scope"')
    case 'ip_required':
    case 'ip_not_allowed':
    case 'model_required':
    case 'model_not_allowed':
      return refuse(403, code)
    case 'rate_limited':
      return refuse(429, code, retryAfter(retryAfterMs))
    case 'quota_exhausted':
      return refuse(429, code, retryAfter(Date.parse(String(resetsAt)) - Date.now()))
    default:
      return refuseUnread('malformed')
  }
}

/** RFC 6750, 3. */
function challenge(status: 401 | 403, code: string, error: string): Refusal {
  return refuse(status, code, { 'www-authenticate': `Bearer${error}` })
}

/** Whole seconds, at least one; nothing where no time helps or is known. */
function retryAfter(ms: unknown): Record<string, string> {
  return typeof ms === 'number' && Number.isFinite(ms)
    ? { 'retry-after': `${Math.max(1, Math.ceil(ms / 1000))}` }
    : {}
}

function refuse(
  status: keyof typeof TITLES,
  code: string,
  headers: Record<string, string> = {},
): Refusal {
  return {
    valid: false,
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ title: TITLES[status], status, code }),
  }
}
