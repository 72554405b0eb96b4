import { readAnswer } from './answer.ts'
import type { Answer, Call } from './call.ts'
import { type ApiError, ConnectionError, type KeysmithError } from './errors.ts'
import type { ConnectionOptions } from './options.ts'
import { requestOf } from './request.ts'
import { withTimeLimit } from './time-limit.ts'

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
    call.options?.timeoutMs ?? timeoutMs,
    call.options?.signal,
    async (signal) => {
      const request = await requestOf(connection, call, count)
      try {
        const response = await fetch(baseUrl + call.path, { ...request, signal })
        return await readAnswer<Data>(response, call.accepts, baseUrl)
      } catch (error) {
        return toConnectionError(error)
      }
    },
  )
  log(connection, call, outcome, { attempt: count, ms: Math.round(performance.now() - startedAt) })
  return outcome
}

/** Only the code of the cause goes on: the rest may quote the request or the answer, secrets and all. */
function toConnectionError(error: unknown): ConnectionError {
  const { code } = Object(Object(error).cause ?? error)
  const reason = typeof code === 'string' ? code : 'unknown'
  return new ConnectionError('connection_failed', `No connection (${reason})`, reason)
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
  try {
    logger?.[code ? 'warn' : 'debug'](fields, 'keysmith request')
  } catch {
    // The answer may hold a secret that nobody can show again: it outweighs a line of a log.
  }
}
