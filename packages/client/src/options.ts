/** A management token, or a function that is asked for it before every attempt: rotation needs no restart. */
export type Token = string | (() => string | Promise<string>)

/** The shape of pino. Fields: method, route, status, ms, attempt, requestId, keyId; never bodies or headers. */
export interface Logger {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** How to reach the service. */
export interface ConnectionOptions {
  /** Address of the service, such as `https://keys.example.com`; it may have a path. Required: no host is assumed. */
  baseUrl: string
  /** Left out, the cookie of a signed-in operator is sent, to the same origin only. */
  token?: Token | undefined
  /** Time limit of one attempt in ms, its answer included. Default 10,000; of verifications 2,000, set there. */
  timeoutMs?: number | undefined
  /** Further attempts after the first. Default 2; of verifications 1, set there. */
  maxRetries?: number | undefined
  /** Default: the one of the platform. */
  fetch?: typeof fetch | undefined
  /** Sent with every request. */
  headers?: Record<string, string> | undefined
  /** The `traceparent` of the present span (W3C Trace Context), forwarded as it is. */
  traceparent?: (() => string | undefined) | undefined
  /** Told of each attempt: `debug` of an answer, `warn` of a failure. Default: nothing is logged. */
  logger?: Logger | undefined
  /**
   * A management token in a browser can be read by everybody who uses the page, so it is refused there
   * unless this is set.
   */
  dangerouslyAllowBrowser?: boolean | undefined
}

/** The last argument of every method. */
export interface RequestOptions {
  /** An abort rejects with its reason. */
  signal?: AbortSignal | undefined
  /** Time limit of one attempt in ms, its answer included. Default: that of the client. */
  timeoutMs?: number | undefined
  /** Further attempts after the first. Default: that of the client. */
  maxRetries?: number | undefined
  /**
   * Of a POST: the same key with the same request is carried out once. Default: a new one per call. A
   * secret that is minted by the client makes each call another request.
   */
  idempotencyKey?: string | undefined
  /** Sent with this call; they win over those of the client. */
  headers?: Record<string, string> | undefined
}
