import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { ApiError } from '../errors.ts'
import { deadline } from './deadline.ts'

const never = () => new Promise<never>(() => {})

/** A server with a deadline of 1 ms and a handler that never answers, on a real socket. */
async function startSlow(handlerTimeout?: number): Promise<string> {
  const app = Fastify()
  onTestFinished(() => app.close())
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof ApiError ? error.status : 500).send({ failed: true }),
  )
  await app.register(deadline, { timeoutMs: 1 })
  const options = handlerTimeout === undefined ? {} : { handlerTimeout }
  app.post('/slow', options, never)
  app.post('/quick', async () => ({ done: true }))
  return app.listen({ port: 0, host: '127.0.0.1' })
}

const post = (url: string) =>
  fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })

test('a handler that does not answer in time is answered for, also after the body was read', async () => {
  const url = await startSlow()
  expect((await post(`${url}/slow`)).status).toBe(503)
  expect((await post(`${url}/quick`)).status).toBe(200)
})

test('a route has its own time when it says so', async () => {
  const url = await startSlow(20)
  const startedAt = performance.now()
  expect((await post(`${url}/slow`)).status).toBe(503)
  expect(performance.now() - startedAt).toBeGreaterThan(15)
})
