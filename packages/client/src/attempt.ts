import { readAnswer } from './answer.ts'
import type { Answer, Call } from './call.ts'
import { type ApiError, ConnectionError, KeysmithError, TimeoutError } from './errors.ts'
import type { ConnectionOptions } from './options.ts'
import { requestOf } from './request.ts'

/**
 * One attempt of a call: gives the answer, or the error for the caller in case no further attempt is
 * made. It rejects only with the reason of the caller's abort, with what his token function threw, or
 * with a `TypeError` about the call.
 */
export async function attempt<Data>(
  connection: ConnectionOptions,
  call: Call,
  count: number,
): Promise<Answer<Data> | KeysmithError> {
  const { baseUrl, fetch = globalThis.fetch, timeoutMs = 10_000 } = connection
  const startedAt = performance.now()
  const outcome = await withTimeLimit(
    call.timeoutMs ?? timeoutMs,
    call.options?.signal,
    async (signal) => {
      const request = await requestOf(connection, call, count)
      // A bearer token must not follow a redirect.
      return fetch(baseUrl + call.path, { ...request, signal, redirect: 'manual' })
        .then((response) => readAnswer<Data>(response, call.accepts, baseUrl))
        .catch(toConnectionError)
    },
  )
  log(connection, call, outcome, { attempt: count, ms: Math.round(performance.now() - startedAt) })
  return outcome
}

/**
 * Ends the work at the time limit or at the caller's abort, also where it does not listen to its signal.
 * Everything is taken down with it: the signal of a long-lived caller would collect listeners.
 */
async function withTimeLimit<Outcome>(
  timeoutMs: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Outcome | KeysmithError>,
): Promise<Outcome | KeysmithError> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  caller?.addEventListener('abort', abort)
  const ended = new Promise<KeysmithError>((resolve) => {
    controller.signal.onabort = () => resolve(new TimeoutError(timeoutMs))
  })
  try {
    const outcome = await Promise.race([work(controller.signal), ended])
    if (outcome instanceof KeysmithError) caller?.throwIfAborted()
    return outcome
  } finally {
    clearTimeout(timer)
    caller?.removeEventListener('abort', abort)
  }
}

/** Only the code of the cause goes on: the rest may quote the request or the answer, secrets and all. */
function toConnectionError(error: { code?: unknown; cause?: unknown }): ConnectionError {
  const { code = 'unknown' } = (error.cause ?? error) as typeof error
  return new ConnectionError(
    'connection_failed',
    `No connection to the service (${code})`,
    `${code}`,
  )
}

function log(
  { logger }: ConnectionOptions,
  { method, path, route = path, keyId }: Call,
  outcome: Answer<unknown> | KeysmithError,
  timing: { attempt: number; ms: number },
): void {
  const seen: Partial<ApiError & Answer<unknown>> = outcome
  const { code, requestId, status = seen.response?.status } = seen
  const fields = { method, route, keyId, ...timing, status, requestId, code }
  logger?.[code ? 'warn' : 'debug'](fields, 'keysmith request')
}
