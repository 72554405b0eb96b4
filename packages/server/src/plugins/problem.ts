import {
  ERROR_CODES,
  type ErrorCode,
  LINE_PATTERN,
  type Problem,
  problemType,
  TEXT_PATTERN,
} from '@keysmith/contract'
import { redactKeys } from '@keysmith/key-format'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, type FieldProblem } from '../errors.ts'
import { PepperMissing } from '../keys/pepper.ts'
import type { Log } from '../log.ts'
import { StorageUnavailable } from '../store/key-store.ts'

const MAX_FIELDS = 20

/** The one place where an error becomes an answer (RFC 9457). */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toApiError(error, request)
    if (problem.status >= 500) {
      const route = request.routeOptions.url ?? null
      log.error({ reqId: request.id, route, code: problem.code, err: error }, 'request failed')
    }
    return sendProblem(reply, request, problem)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, request, new ApiError('route_not_found')),
  )
}

export function sendProblem(reply: FastifyReply, request: FastifyRequest, error: ApiError) {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  if (error.code === 'missing_permission' && !reply.hasHeader('www-authenticate')) {
    reply.header('www-authenticate', 'Bearer error="insufficient_scope"')
  }
  return reply
    .code(error.status)
    .type('application/problem+json')
    .send(presentProblem(error, request.id))
}

export function presentProblem(error: ApiError, requestId: string): Problem {
  const { code, status, detail, extras } = error
  return {
    type: problemType(code),
    title: ERROR_CODES[code].title,
    status,
    ...(detail === undefined ? {} : { detail: redactKeys(detail) }),
    instance: `urn:keysmith:request:${requestId}`,
    code,
    requestId,
    ...extras,
  }
}

/** Codes of Fastify that are the caller's mistake. */
const FRAMEWORK_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_HANDLER_TIMEOUT: 'overloaded',
  FST_UNDER_PRESSURE: 'overloaded',
}

function toApiError(error: FastifyError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error
  if (error.validation) return invalidRequest(error.validation)
  if (error instanceof StorageUnavailable || error instanceof PepperMissing) {
    return new ApiError('storage_unavailable', {
      detail: 'Nothing was changed. Send the request again in a moment.',
      cause: error,
      retryAfterSeconds: 1,
    })
  }
  const known = FRAMEWORK_CODES[error.code]
  if (known !== undefined) {
    const later = known === 'overloaded' ? { retryAfterSeconds: 1 } : {}
    const detail = known === 'unsupported_media_type' ? { detail: acceptedTypes(request) } : {}
    return new ApiError(known, { cause: error, ...later, ...detail })
  }
  if (error.statusCode !== undefined && error.statusCode < 500) return unreadable(error)
  return new ApiError('internal', { cause: error })
}

function acceptedTypes(request: FastifyRequest): string {
  const [type = 'application/json'] = request.routeOptions.schema?.consumes ?? []
  return `Send the body as ${type}, and say so in content-type.`
}

/** A body that is not JSON, a broken path and the like. */
function unreadable(error: FastifyError): ApiError {
  return new ApiError('invalid_request', {
    detail: 'The request cannot be read. Send valid JSON in UTF-8, and a path of this API.',
    cause: error,
  })
}

/** Each wrong field, from the errors of a schema. */
export function invalidRequest(errors: readonly ValidationError[]): ApiError {
  const fields = errors.slice(0, MAX_FIELDS).map(toField)
  const [first] = fields
  return new ApiError('invalid_request', {
    detail: first ? `${first.path}: ${first.message}` : 'The request is not valid.',
    extras: { fields },
  })
}

export type ValidationError = NonNullable<FastifyError['validation']>[number] & {
  parentSchema?: { description?: string }
}

/** The path of a wrong field and what to do; never its value. */
function toField(error: ValidationError): FieldProblem {
  const { instancePath, keyword, params, message } = error
  const path = instancePath.slice(1).split('/').map(printableName).join('/')
  const below = (name: unknown) => [path, printableName(name)].filter(Boolean).join('/')
  switch (keyword) {
    case 'required':
      return { path: below(params.missingProperty), message: 'this field is required' }
    case 'additionalProperties':
      return {
        path: below(params.additionalProperty),
        message: 'there is no such field; correct its name or leave it out',
      }
    case 'enum':
      return { path, message: `must be one of ${String(params.allowedValues)}` }
    case 'pattern':
    case 'format':
      return { path, message: describeForm(error) }
    default:
      return { path: path || '(body)', message: message ?? 'is not valid' }
  }
}

const FORMS: Record<string, string> = {
  [LINE_PATTERN]: 'must be one line of text without control characters',
  [TEXT_PATTERN]: 'must be text without control characters, but for line breaks and tabs',
  'date-time': 'must be a time such as 2027-02-21T09:30:00Z',
}

/** What a text must look like, in words. */
function describeForm({ params, parentSchema }: ValidationError): string {
  const form = FORMS[String(params.pattern ?? params.format)]
  return form ?? `has the wrong form. Expected: ${parentSchema?.description ?? 'see the API'}`
}

/** The name of a field or label, unless it may itself be a secret or unprintable. */
function printableName(name: unknown): string {
  const text = String(name)
  return /^[\w.:~-]{0,40}$/.test(text) ? redactKeys(text) : '(unknown)'
}
