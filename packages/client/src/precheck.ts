import { parseKey } from '@keysmith/key-format'
import type { Http } from './call.ts'
import type { Meta } from './types.gen.ts'

export type Precheck = 'auto' | 'strict' | 'off'

/** An import makes the filter wrong, so what the service said of it is believed for a minute. */
const BELIEVED_MS = 60_000

/**
 * Tells what is certainly no secret: a filter for typing errors and noise, never a positive answer.
 * `auto` asks the service in the background whether secrets of other shapes were imported, and filters
 * nothing until it knows.
 */
export function createPrecheck(http: Http, mode: Precheck): (input: unknown) => boolean {
  let isOn = mode === 'strict'
  let askAgainAt = mode === 'auto' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY

  const ask = () => {
    isOn = false
    askAgainAt = performance.now() + BELIEVED_MS
    http<Meta>({ method: 'GET', path: '/v1/meta', isRepeatable: false }).then(
      ({ data }) => {
        isOn = data.precheck === 'on'
      },
      () => {},
    )
  }

  return (input) => {
    if (performance.now() >= askAgainAt) ask()
    if (typeof input !== 'string' || input === '') return true
    return isOn && !parseKey(input).ok
  }
}
