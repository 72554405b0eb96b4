import { type Static, Type } from 'typebox'

/** Every error code of the API, with its HTTP status and title. The only table of them. */
export const ERROR_CODES = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  secret_in_url: { status: 400, title: 'A secret was sent in the URL' },
  unauthenticated: { status: 401, title: 'A valid management token is needed' },
  missing_permission: { status: 403, title: 'The calling token lacks a permission' },
  route_not_found: { status: 404, title: 'There is no such route' },
  key_not_found: { status: 404, title: 'There is no such key' },
  project_not_found: { status: 404, title: 'There is no such project' },
  policy_not_found: { status: 404, title: 'There is no such policy' },
  quota_not_found: { status: 404, title: 'The key has no such quota' },
  reservation_not_found: { status: 404, title: 'There is no such reservation' },
  token_not_found: { status: 404, title: 'There is no such token' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  key_revoked: { status: 409, title: 'The key is revoked' },
  id_taken: { status: 409, title: 'The id was used before' },
  secret_taken: { status: 409, title: 'The secret belongs to another key' },
  id_mismatch: { status: 409, title: 'The id is not that of the key' },
  name_taken: { status: 409, title: 'The name is in use' },
  overlap_running: { status: 409, title: 'An older secret still works' },
  no_overlap: { status: 409, title: 'No older secret works' },
  deletion_protected: { status: 409, title: 'Deletion protection is on' },
  policy_in_use: { status: 409, title: 'The policy still has keys' },
  project_in_use: { status: 409, title: 'The project still has usable keys' },
  secret_not_replayable: { status: 409, title: 'The secret was shown once and cannot be repeated' },
  idempotency_in_flight: { status: 409, title: 'The same request is still running' },
  edit_conflict: { status: 409, title: 'Somebody else changed it at the same time' },
  precondition_failed: { status: 412, title: 'It was changed since it was read' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'This content type is not accepted here' },
  policy_violation: { status: 422, title: 'A policy does not allow this' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers of the request are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  storage_unavailable: { status: 503, title: 'The storage is not available' },
  overloaded: { status: 503, title: 'The service is overloaded' },
  draining: { status: 503, title: 'The service is stopping' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** `type` of a problem document: a stable name, not an address. */
export function problemType(code: ErrorCode): string {
  return `urn:keysmith:error:${code}`
}

export const FieldProblems = Type.Array(
  Type.Object({
    path: Type.String({ description: 'Where, such as permissions/0.' }),
    message: Type.String({ description: 'What is wrong and the fix.' }),
  }),
  { description: 'With invalid_request: each wrong field.' },
)

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Stable name of the kind of problem.' }),
    title: Type.String({ description: 'The kind of problem in words.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.Optional(
      Type.String({ description: 'What happened and how to mend it. Never a submitted value.' }),
    ),
    instance: Type.String({ description: 'urn of this very answer.' }),
    code: Type.String({ description: 'Stable code for programs.', examples: ['key_not_found'] }),
    requestId: Type.String({ description: 'x-request-id of the answer; quote it in reports.' }),
    fields: Type.Optional(FieldProblems),
    keyId: Type.Optional(Type.String({ description: 'Id of the key that the conflict is about.' })),
    secretVersion: Type.Optional(
      Type.Integer({
        description: 'With secret_not_replayable: the version to name in replaces.',
      }),
    ),
    secrets: Type.Optional(
      Type.Array(
        Type.Object({
          version: Type.Integer({ description: 'Version of the secret.' }),
          endsAt: Type.Union([Type.String(), Type.Null()], { description: 'Its end, or null.' }),
          lastUsedAt: Type.Union([Type.String(), Type.Null()], {
            description: 'Last use, or null.',
          }),
        }),
        { description: 'With overlap_running: the secrets that work.' },
      ),
    ),
  },
  { title: 'Problem', description: 'RFC 9457 problem details.' },
)
export type Problem = Static<typeof Problem>
