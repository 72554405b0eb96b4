import type { Answer } from './call.ts'

/** The data of an answer. The request is under way at once, also when nobody waits for it. */
export interface ApiPromise<Data> extends Promise<Data> {
  /** The data with the raw answer: status, headers, request id. */
  withResponse(): Promise<Answer<Data>>
}

export function toApiPromise<Data>(answer: Promise<Answer<Data>>): ApiPromise<Data> {
  const data = answer.then((found) => found.data)
  const withResponse = () => {
    // Whoever takes the answer hears of its error there.
    data.catch(() => {})
    return answer
  }
  return Object.assign(data, { withResponse })
}
