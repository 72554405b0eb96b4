import { createHttp } from './http.ts'
import type { ConnectionOptions } from './options.ts'
import type { Verify } from './verdict.ts'
import { createVerify, type VerifyOptions } from './verify.ts'

/** `timeoutMs` and `maxRetries` are those of verifications: 2,000 ms and 1. */
export type VerifierOptions = ConnectionOptions & VerifyOptions

/** Just verifications, for a gateway that does nothing else: the smaller part of `createClient`. */
export function createVerifier(options: VerifierOptions): { verify: Verify } {
  return { verify: createVerify(createHttp(options), options) }
}

export type { ConnectionOptions, Logger, RequestOptions, Token } from './options.ts'
