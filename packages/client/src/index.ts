export type { ApiPromise } from './api-promise.ts'
export type { Answer } from './call.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export {
  ApiError,
  type ApiErrorCode,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  type ConnectionFailure,
  KeysmithError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
} from './errors.ts'
export type { KeyWithSecret, NewKey, NewSecret, RegisteredKey, RegisteredSecret } from './issue.ts'
export type { ImportOptions } from './keys.ts'
export type { ConnectionOptions, Logger, RequestOptions, Token as TokenSource } from './options.ts'
export type { List, Page } from './page.ts'
export type { Precheck } from './precheck.ts'
export type { Reservations } from './reservations.ts'
export type * from './types.gen.ts'
export type { Question, Verdict, Verify } from './verdict.ts'
export type { VerifyOptions } from './verify.ts'
