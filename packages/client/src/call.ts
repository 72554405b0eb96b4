import type { RequestOptions } from './options.ts'

/** One call of the API, however many attempts it takes. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the base URL, with the query. */
  path: string
  /** What is logged: the path with `{id}` in place of the id. Default: the path. */
  route?: string
  /** Logged. */
  keyId?: string | undefined
  /** As it is sent. */
  body?: string | undefined
  /** Of the body. Default `application/json`. */
  contentType?: string
  /** The same call twice does no more than once: it is sent again after a failure that may pass. */
  isRepeatable: boolean
  /** A status that is an answer here and no error. */
  accepts?: number
  /** The longest `Retry-After` that is waited out, in ms. Default 30,000, which is the most. */
  maxRetryAfterMs?: number
  options?: RequestOptions | undefined
}

/** What `withResponse()` gives. */
export interface Answer<Data> {
  /** What the method itself gives. */
  data: Data
  /** Status and headers of the answer; its body has been read. */
  response: Response
  /** `x-request-id` of the answer. */
  requestId: string | null
}

/** Sends a call, repeats it where that is safe, and gives the answer or throws a `KeysmithError`. */
export type Http = <Data>(call: Call) => Promise<Answer<Data>>
