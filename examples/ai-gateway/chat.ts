import { createParser } from 'eventsource-parser'
import { type Static, Type } from 'typebox'

/** What of a chat request this example knows: a streamed answer, as of OpenAI's API. */
export const ChatRequest = Type.Object({
  model: Type.String({ maxLength: 128 }),
  messages: Type.Array(
    Type.Object({ role: Type.String(), content: Type.String({ maxLength: 10_000 }) }),
    { minItems: 1, maxItems: 100 },
  ),
  max_tokens: Type.Integer({ minimum: 1, maximum: 4096 }),
  stream: Type.Literal(true),
})
export type ChatRequest = Static<typeof ChatRequest>

/** The most that a request can use: its prompt, and the longest answer it asks for. */
export function tokensHeld(body: unknown): number {
  const { messages, max_tokens: most }: Partial<Record<keyof ChatRequest, unknown>> = Object(body)
  // What has no such form is refused later, and costs nothing.
  if (!Number.isSafeInteger(most) || !Array.isArray(messages)) return 0
  return Number(most) + countTokens(messages.map((message) => Object(message).content).join(' '))
}

/** A model has a tokenizer; here a word is a token. */
export function countTokens(text: string): number {
  return text.split(/\s+/).filter(Boolean).length
}

/** What the stream says at its end. Rejects when it breaks off before: then all that was held is charged. */
export async function tokensUsed(stream: AsyncIterable<Uint8Array>): Promise<{ tokens: number }> {
  let tokens: number | undefined
  for await (const event of eventsOf(stream)) tokens = event.usage?.total_tokens ?? tokens
  if (tokens === undefined) throw new Error('the model did not say what it used')
  return { tokens }
}

interface ChatEvent {
  choices: { delta: { content: string } }[]
  usage?: { total_tokens: number }
}

/** The events of a streamed answer. */
export async function* eventsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ChatEvent> {
  const found: string[] = []
  const parser = createParser({ onEvent: ({ data }) => found.push(data) })
  const decoder = new TextDecoder()
  for await (const bytes of stream) {
    parser.feed(decoder.decode(bytes, { stream: true }))
    for (const data of found.splice(0)) if (data !== '[DONE]') yield JSON.parse(data)
  }
}
