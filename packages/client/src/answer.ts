import type { Answer } from './call.ts'
import { ConnectionError, type KeysmithError, toApiError } from './errors.ts'

/** The data of a success, else the error. What is no answer of this API is never taken for one. */
export async function readAnswer<Data>(
  response: Response,
  accepted: number | undefined,
  baseUrl: string,
): Promise<Answer<Data> | KeysmithError> {
  const { status, ok, type, headers } = response
  const body = toJson(await response.text())
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    return new ConnectionError('redirected', 'A redirect is not followed. Correct baseUrl')
  }
  if (!ok && status !== accepted) return toApiError(response, body, `${baseUrl}/docs`)
  if (status !== 204 && (typeof body !== 'object' || body === null)) return unrecognizedAnswer()
  return { data: body as Data, response, requestId: headers.get('x-request-id') }
}

export function unrecognizedAnswer(): ConnectionError {
  const message = 'The answer is not of a Keysmith service. Correct baseUrl'
  return new ConnectionError('unrecognized_answer', message)
}

/** undefined for what is no JSON. The error of `JSON.parse` would quote the text, and a secret in it. */
function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
