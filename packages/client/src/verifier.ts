import { createHttp } from './http.ts'
import type { ConnectionOptions } from './options.ts'
import { createReservations, type Reservations } from './reservations.ts'
import type { Verify } from './verdict.ts'
import { createVerify, type VerifyOptions } from './verify.ts'

/** `timeoutMs` and `maxRetries` are those of verifications: 2,000 ms and 1. */
export type VerifierOptions = ConnectionOptions & VerifyOptions

/**
 * Just verifications and the reservations they make, for a gateway that does nothing else: the smaller part of `createClient`. Make one
 * per process. Its errors are the classes of `@keysmith/client`.
 *
 * @throws TypeError when `baseUrl` is no http or https URL.
 */
export function createVerifier(options: VerifierOptions): {
  verify: Verify
  reservations: Reservations
} {
  const http = createHttp(options)
  return { verify: createVerify(http, options), reservations: createReservations(http) }
}

export type { ConnectionOptions, Logger, RequestOptions, Token as TokenSource } from './options.ts'
export type { Precheck } from './precheck.ts'
export type { Reservations } from './reservations.ts'
export type { Reservation, VerdictCode, VerifiedKey } from './types.gen.ts'
export type { Question, Verdict, Verify } from './verdict.ts'
export type { VerifyOptions } from './verify.ts'
