import { attempt } from './attempt.ts'
import type { Answer, Call, Http } from './call.ts'
import { KeysmithError } from './errors.ts'
import type { ConnectionOptions } from './options.ts'
import { retryDelayMs, sleep } from './retry.ts'

export function createHttp(connection: ConnectionOptions): Http {
  const target = { ...connection, baseUrl: readBaseUrl(connection.baseUrl) }

  return async <Data>(call: Call): Promise<Answer<Data>> => {
    const {
      isRepeatable,
      maxRetryAfterMs,
      options: { signal, maxRetries = connection.maxRetries ?? 2 } = {},
    } = call
    for (let count = 1; ; count++) {
      const outcome = await attempt<Data>(target, call, count)
      if (!(outcome instanceof KeysmithError)) return outcome
      const mayRepeat = isRepeatable && count <= maxRetries
      const delayMs = mayRepeat ? retryDelayMs(outcome, count, maxRetryAfterMs) : null
      if (delayMs === null) throw outcome
      await sleep(delayMs, signal)
    }
  }
}

function readBaseUrl(text: string): string {
  const href = URL.parse(text)?.href ?? ''
  if (/^https?:\/\/[^@?#]+$/.test(href)) return href.replace(/\/+$/, '')
  throw new TypeError('baseUrl must be a plain http or https URL')
}
