import { type ApiError, type KeysmithError, readRetryAfter } from './errors.ts'
import { withTimeLimit } from './time-limit.ts'

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

const MAX_RETRY_AFTER_MS = 30_000

/**
 * How long to wait before the next attempt, in ms; null = a further attempt is of no use, or asked to
 * wait longer than `maxRetryAfterMs` or 30 s. `failed` counts the attempts so far.
 */
export function retryDelayMs(
  error: KeysmithError,
  failed: number,
  maxRetryAfterMs = Number.POSITIVE_INFINITY,
): number | null {
  const { status, headers, code }: Partial<ApiError> = error
  if (!PASSING.includes(status ?? code)) return null
  const askedMs = headers && readRetryAfter(headers)
  if (askedMs == null) return backOffMs(failed)
  return askedMs <= Math.min(maxRetryAfterMs, MAX_RETRY_AFTER_MS) ? askedMs : null
}

/** Full jitter: clients that failed together do not come back together. */
function backOffMs(failed: number): number {
  return Math.random() * Math.min(4000, 200 * 2 ** (failed - 1))
}

/** Waits; rejects with the reason of an abort. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await withTimeLimit(ms, signal, () => new Promise(() => {}))
}
