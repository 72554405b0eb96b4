import type { Hold, ReadCost } from './hold.ts'

/**
 * Lets the handler answer, and ends what was reserved once the answer has been sent or was broken off. The
 * answer ends after that: some platforms stop all work with it.
 */
export async function answerAndSettle(
  hold: Hold,
  handle: () => Response | Promise<Response>,
  costOf: ((response: Response) => ReturnType<ReadCost>) | undefined,
): Promise<Response> {
  try {
    const response = await handle()
    const end = () => hold.conclude(response.status, costOf && (() => costOf(response)))
    if (response.body) return new Response(withEnd(response.body, end), response)
    await end()
    return response
  } catch (error) {
    await hold.methods.release()
    throw error
  }
}

function withEnd(body: ReadableStream, end: () => Promise<void>): ReadableStream {
  const reader = body.getReader()
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        await end()
        controller.close()
      } catch (error) {
        await end()
        throw error
      }
    },
    // The handler hears of it first, and may say what was used.
    cancel: (reason) => reader.cancel(reason).finally(end),
  })
}
