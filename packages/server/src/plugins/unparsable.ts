import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '@keysmith/contract'
import { ApiError } from '../errors.ts'
import { presentProblem } from './problem.ts'

/** Codes of Node's HTTP server; every other one is a request that is not HTTP. */
const PARSER_CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/**
 * Requests that Node itself refuses reach no route and no hook: they get the same problem document,
 * written to the socket, which then ends.
 */
export function answerUnparsable(nextRequestId: () => string) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const requestId = nextRequestId()
    const problem = new ApiError(PARSER_CODES[error.code ?? ''] ?? 'invalid_request', {
      detail: 'The request cannot be read as HTTP, or did not arrive in time.',
    })
    const body = JSON.stringify(presentProblem(problem, requestId))
    const lines = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'content-type: application/problem+json',
      'cache-control: no-store',
      'x-content-type-options: nosniff',
      `x-request-id: ${requestId}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  }
}
