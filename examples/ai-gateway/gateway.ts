import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { createClient } from '@keysmith/client'
import { keyAuth } from '@keysmith/client/fastify'
import { fastify } from 'fastify'
import { ChatRequest, tokensHeld, tokensUsed } from './chat.ts'

const { KEYSMITH_ENDPOINT = 'http://127.0.0.1:8420', KEYSMITH_TOKEN, PORT = '3000' } = process.env
const { MODEL_SERVER = 'http://127.0.0.1:3001' } = process.env

const client = createClient({ baseUrl: KEYSMITH_ENDPOINT, token: KEYSMITH_TOKEN })
const app = fastify().withTypeProvider<TypeBoxTypeProvider>()
app.register(keyAuth, { client })

app.after(() => {
  app.post(
    '/v1/chat/completions',
    {
      schema: { body: ChatRequest },
      // These run before the body was checked: what they cannot read opens no restricted key.
      config: {
        key: {
          model: ({ body }) => Object(body).model,
          reserve: ({ body }) => ({ tokens: tokensHeld(body) }),
          reserveSeconds: 600,
        },
      },
    },
    async (request, reply) => {
      const answer = await fetch(`${MODEL_SERVER}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...request.body, stream_options: { include_usage: true } }),
      })
      // An error gives back what was reserved.
      if (!answer.ok || !answer.body) return reply.code(502).send({ error: 'the model failed' })
      const [toCaller, toMeter] = answer.body.tee()
      // Read to its end also when the caller goes away: the model has done the work.
      void request.key.settle(tokensUsed(toMeter))
      return reply.type('text/event-stream').send(toCaller)
    },
  )
})

await app.listen({ port: Number(PORT) })
