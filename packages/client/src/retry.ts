import { type ApiError, type KeysmithError, readRetryAfter } from './errors.ts'

/** What may pass by itself: statuses of an answer, and why there was none. */
const PASSING: readonly unknown[] = [
  408,
  425,
  429,
  500,
  502,
  503,
  504,
  'connection_failed',
  'timeout',
]

/**
 * How long to wait before the next attempt, in ms; null = a further attempt is of no use, or asked to
 * wait longer than `maxRetryAfterMs`. `failed` counts the attempts so far.
 */
export function retryDelayMs(
  error: KeysmithError,
  failed: number,
  maxRetryAfterMs = 30_000,
): number | null {
  const { status, headers, code }: Partial<ApiError> = error
  if (!PASSING.includes(status ?? code)) return null
  const askedMs = headers && readRetryAfter(headers)
  if (askedMs == null) return backOffMs(failed)
  return askedMs <= maxRetryAfterMs ? askedMs : null
}

/** Full jitter: clients that failed together do not come back together. */
function backOffMs(failed: number): number {
  return Math.random() * Math.min(4000, 200 * 2 ** (failed - 1))
}

/** Waits; an abort ends it early. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
