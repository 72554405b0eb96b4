import { parseKey } from '@keysmith/key-format'
import type { Http } from './call.ts'
import type { Meta } from './types.gen.ts'

/** When a string is refused by its form: see `VerifyOptions`. */
export type Precheck = 'auto' | 'strict' | 'off'

/** An import makes the filter wrong: before it refuses, what the service said may be this old. */
const BELIEVED_MS = 5000

/** No service imports longer strings, and it refuses a body of 16 KiB: that would be an error and no verdict. */
const MAX_LENGTH = 1024

/**
 * Tells what is certainly no secret: a filter for typing errors and noise, never a positive answer.
 * With `auto`, such an input first makes it ask in the background whether secrets of other shapes were
 * imported; nothing is filtered until the service has said no.
 */
export function createPrecheck(http: Http, mode: Precheck): (input: unknown) => boolean {
  let isOn = mode === 'strict'
  let askAgainAt = mode === 'auto' ? 0 : Number.POSITIVE_INFINITY

  const ask = () => {
    isOn = false
    const until = performance.now() + BELIEVED_MS
    askAgainAt = until
    http<Meta>({ method: 'GET', path: '/v1/meta', isRepeatable: false }).then(
      ({ data }) => {
        // An answer that was overtaken by the next question is too old.
        isOn = data.precheck === 'on' && until === askAgainAt
      },
      () => {},
    )
  }

  return (input) => {
    if (typeof input !== 'string' || !input || input.length > MAX_LENGTH) return true
    if (parseKey(input).ok) return false
    if (performance.now() >= askAgainAt) ask()
    return isOn
  }
}
