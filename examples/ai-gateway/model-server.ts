import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastify } from 'fastify'
import { type ChatRequest, countTokens } from './chat.ts'

/** Stands for a model: it answers a word at a time, and says at the end what was used. */
const ANSWER = 'A key is a record; its secret is shown only once.'.split(' ')

const app = fastify()
app.get('/', async () => ({ ready: true }))
app.post<{ Body: ChatRequest }>('/v1/chat/completions', async ({ body }, reply) => {
  return reply.type('text/event-stream').send(Readable.from(stream(body)))
})
await app.listen({ port: Number(process.env.PORT) })

async function* stream({ messages, max_tokens: most }: ChatRequest) {
  const words = ANSWER.slice(0, most)
  for (const word of words) {
    await sleep(5)
    yield toEvent({ choices: [{ index: 0, delta: { content: `${word} ` } }] })
  }
  const prompt_tokens = countTokens(messages.map(({ content }) => content).join(' '))
  const usage = { prompt_tokens, completion_tokens: words.length }
  yield toEvent({
    choices: [],
    usage: { ...usage, total_tokens: prompt_tokens + words.length },
  })
  yield 'data: [DONE]\n\n'
}

function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
