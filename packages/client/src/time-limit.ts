import { KeysmithError, TimeoutError } from './errors.ts'

/** Longer ones, as of Infinity, overflow the timers of the platform, which then fire at once. */
const MAX_TIMER_MS = 2e9

/**
 * Ends the work at the time limit or at the caller's abort, also where it does not listen to its signal.
 * Everything is taken down with it: the signal of a long-lived caller would collect listeners. Rejects
 * with the reason of the abort, an earlier one included, or with what the work rejects with.
 */
export async function withTimeLimit<Outcome>(
  timeoutMs: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Outcome | KeysmithError>,
): Promise<Outcome | KeysmithError> {
  caller?.throwIfAborted()
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, Math.min(timeoutMs, MAX_TIMER_MS))
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
