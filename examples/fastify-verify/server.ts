import { createClient } from '@keysmith/client'
import { keyAuth } from '@keysmith/client/fastify'
import { fastify } from 'fastify'

const { KEYSMITH_ENDPOINT = 'http://127.0.0.1:8420', KEYSMITH_TOKEN, PORT = '3000' } = process.env
const client = createClient({ baseUrl: KEYSMITH_ENDPOINT, token: KEYSMITH_TOKEN })
const app = fastify()
app.register(keyAuth, { client })
app.post('/jobs', { config: { key: { permissions: ['jobs:write'] } } }, async (request) => {
  return { startedBy: request.key.name }
})
await app.listen({ port: Number(PORT) })
