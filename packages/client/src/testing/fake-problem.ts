import type { ErrorCode, Problem } from '../types.gen.ts'

const REQUEST_ID = 'test'

/** A refusal of the fake. */
export class FakeProblem extends Error {
  readonly response: Response

  constructor(status: number, code: ErrorCode, facts: Partial<Problem> = {}) {
    super(code)
    const names = { type: `urn:keysmith:error:${code}`, title: code, status, code }
    const ids = { instance: `urn:keysmith:request:${REQUEST_ID}`, requestId: REQUEST_ID }
    const headers = { 'content-type': 'application/problem+json', 'x-request-id': REQUEST_ID }
    this.response = Response.json({ ...names, ...ids, ...facts }, { status, headers })
  }
}
