import { serve } from '@hono/node-server'
import { createClient } from '@keysmith/client'
import { requireKey } from '@keysmith/client/hono'
import { Hono } from 'hono'

const { KEYSMITH_ENDPOINT = 'http://127.0.0.1:8420', KEYSMITH_TOKEN, PORT = '3000' } = process.env
const client = createClient({ baseUrl: KEYSMITH_ENDPOINT, token: KEYSMITH_TOKEN })
const key = requireKey({
  client,
  permissions: ['jobs:write'],
  model: (context) => context.req.param('model'),
})
const app = new Hono()
app.post('/v1/models/:model/jobs', key, (context) => {
  return context.json({ startedBy: context.get('key').name })
})
serve({ fetch: app.fetch, port: Number(PORT) })
