import { ERROR_CODES, type ErrorCode } from '@keysmith/contract'

export interface FieldProblem {
  /** Where, with slashes: `permissions/0`. */
  path: string
  /** What is wrong and the fix; never the submitted value. */
  message: string
}

/** More members of the problem document, for programs. */
export interface ProblemExtras {
  fields?: FieldProblem[]
  keyId?: string
  secretVersion?: number
  secrets?: { version: number; endsAt: string | null; lastUsedAt: string | null }[]
}

/** An answer of the API that is not a success. Status and title come from the contract's table. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: ErrorCode
  readonly status: number
  readonly detail: string | undefined
  readonly extras: ProblemExtras
  /** Whole seconds for `Retry-After`. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    options: {
      detail?: string
      cause?: unknown
      extras?: ProblemExtras
      retryAfterSeconds?: number
    } = {},
  ) {
    super(options.detail ?? ERROR_CODES[code].title, { cause: options.cause })
    this.code = code
    this.status = ERROR_CODES[code].status
    this.detail = options.detail
    this.extras = options.extras ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** An `invalid_request` about one field. */
export function invalidField(path: string, message: string): ApiError {
  return new ApiError('invalid_request', {
    detail: `${path}: ${message}`,
    extras: { fields: [{ path, message }] },
  })
}
