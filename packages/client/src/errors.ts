import type { ErrorCode, Problem } from './types.gen.ts'

/** A code of this version of the API, or one of a newer service. */
export type ApiErrorCode = ErrorCode | (string & {})

/**
 * Everything this library throws, but for the reason of your own abort and mistakes of the program
 * (`TypeError`). No error holds a secret, a token, a header of the request, or the raw failure below it,
 * which may quote any of these.
 */
export class KeysmithError extends Error {
  override name = 'KeysmithError'
  /** Stable, for programs. */
  declare readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The service answered that it did not do what was asked. */
export class ApiError extends KeysmithError {
  override name = 'ApiError'
  declare readonly code: ApiErrorCode
  /** The HTTP status. */
  declare readonly status: number
  /** The kind of problem in words. */
  declare readonly title: string
  /** What happened and how to mend it. */
  declare readonly detail: string | undefined
  /** With `invalid_request`: each wrong field, with its path and the fix. */
  declare readonly fields: Problem['fields']
  /** `x-request-id` of the answer; quote it in reports. Null when the answer had none. */
  declare readonly requestId: string | null
  /** Where the code is explained. */
  declare readonly docUrl: string
  readonly #headers: Headers

  constructor(problem: Partial<Problem>, { status, headers }: Response, docsUrl: string) {
    const { code = 'unrecognized_answer', title = `Status ${status}`, detail, fields } = problem
    super(code, detail ? `${title}. ${detail}` : title)
    this.status = status
    this.title = title
    this.detail = detail
    this.fields = fields
    this.requestId = headers.get('x-request-id')
    this.docUrl = `${docsUrl}#${code}`
    this.#headers = headers
  }

  /** Headers of the answer. A log does not show them: they may be anybody's. */
  get headers(): Headers {
    return this.#headers
  }
}

/** 400, 413, 415 and 422: the request is wrong; `fields` says where. */
export class ValidationError extends ApiError {
  override name = 'ValidationError'
}

/** 401: the token is absent, wrong, expired or revoked. */
export class AuthenticationError extends ApiError {
  override name = 'AuthenticationError'
}

/** 403: the token lacks a permission; `detail` names it. */
export class PermissionError extends ApiError {
  override name = 'PermissionError'
}

/** 404: absent, or not visible to this token. */
export class NotFoundError extends ApiError {
  override name = 'NotFoundError'
}

/** 409 and 412: the state of the record does not allow it. */
export class ConflictError extends ApiError {
  override name = 'ConflictError'
  /** Id of the key that the conflict is about. */
  declare readonly keyId: string | undefined
  /** With `secret_not_replayable`: the version to name in `replaces`. */
  declare readonly secretVersion: number | undefined
  /** With `overlap_running`: the secrets that work. */
  declare readonly secrets: Problem['secrets']

  constructor(problem: Partial<Problem>, response: Response, docsUrl: string) {
    super(problem, response, docsUrl)
    this.keyId = problem.keyId
    this.secretVersion = problem.secretVersion
    this.secrets = problem.secrets
  }
}

/** 429: too many requests of this caller. */
export class RateLimitError extends ApiError {
  override name = 'RateLimitError'
  /** How long to wait, or null when the answer does not say. */
  declare readonly retryAfterMs: number | null

  constructor(problem: Partial<Problem>, response: Response, docsUrl: string) {
    super(problem, response, docsUrl)
    this.retryAfterMs = readRetryAfter(response.headers)
  }
}

/** 5xx: the service cannot answer now. */
export class ServerError extends ApiError {
  override name = 'ServerError'
}

/** Why there is no usable answer. */
export type ConnectionFailure =
  | 'connection_failed'
  | 'timeout'
  | 'redirected'
  | 'unrecognized_answer'

/** There is no answer, or one that does not come from the service. */
export class ConnectionError extends KeysmithError {
  override name = 'ConnectionError'
  declare readonly code: ConnectionFailure
  /** With `connection_failed`: the code of the system, such as `ECONNREFUSED`, or `unknown`. */
  declare readonly reason: string | undefined

  constructor(code: ConnectionFailure, message: string, reason?: string) {
    super(code, message)
    this.reason = reason
  }
}

/** No whole answer within the time limit of an attempt. */
export class TimeoutError extends ConnectionError {
  override name = 'TimeoutError'
  declare readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super('timeout', `No answer within ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}

const CLASSES: Record<number, typeof ApiError> = {
  400: ValidationError,
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  412: ConflictError,
  413: ValidationError,
  415: ValidationError,
  422: ValidationError,
  429: RateLimitError,
}

/** The error of an answer that is no success, whatever its body is. */
export function toApiError(
  response: Response,
  body: object | undefined,
  docsUrl: string,
): ApiError {
  const Class = CLASSES[response.status] ?? (response.status >= 500 ? ServerError : ApiError)
  return new Class(isProblem(body) ? body : {}, response, docsUrl)
}

/** A gateway in between answers with pages and documents of its own, which may quote the request. */
function isProblem(body: Partial<Problem> = {}): body is Problem {
  return body.type === `urn:keysmith:error:${body.code}`
}

/** `Retry-After` in ms (RFC 9110, 10.2.3: seconds or a date); null when it is absent, past or neither. */
export function readRetryAfter(headers: Headers): number | null {
  const text = headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return ms >= 0 ? ms : null
}
