import type { Answer } from './call.ts'
import { ConnectionError, type KeysmithError, toApiError } from './errors.ts'

/** The data of a success, else the error. What is no answer of this API is never taken for one. */
export async function readAnswer<Data>(
  response: Response,
  accepted: number | undefined,
  baseUrl: string,
): Promise<Answer<Data> | KeysmithError> {
  const { status, ok, headers } = response
  const body = toObject(await response.text())
  if (ok || status === accepted) {
    if (!body && status !== 204) return unrecognizedAnswer()
    return { data: body as Data, response, requestId: headers.get('x-request-id') }
  }
  if (status >= 400) return toApiError(response, body, `${baseUrl}/docs`)
  // In browsers with status 0.
  return new ConnectionError('redirected', 'Redirected. Correct baseUrl')
}

export function unrecognizedAnswer(): ConnectionError {
  const message = 'No answer of a Keysmith service. Correct baseUrl'
  return new ConnectionError('unrecognized_answer', message)
}

/**
 * undefined for what is no object. The error of `JSON.parse` would quote the text, and a secret in it; a
 * regular expression would leave it in `RegExp.input`.
 */
function toObject(text: string): object | undefined {
  try {
    return text.trimStart()[0] === '{' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
