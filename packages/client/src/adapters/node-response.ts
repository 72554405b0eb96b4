import type { Hold, ReadCost } from './hold.ts'

/** What an answer of Node and of HTTP/2 have in common. */
interface NodeResponse {
  statusCode: number
  headersSent: boolean
  once(event: 'close', listener: () => void): unknown
}

/** Ends what was reserved once the answer has been sent, or was broken off. */
export function afterAnswer(
  response: NodeResponse,
  hold: Hold,
  readCost: ReadCost | undefined,
): void {
  if (hold.id === undefined) return
  response.once('close', () => {
    // Without an answer the handler may be at work still: to give back what it uses would make it free.
    if (!response.headersSent) return
    // What the handler does at the same end comes first.
    setTimeout(() => hold.conclude(response.statusCode, readCost))
  })
}
