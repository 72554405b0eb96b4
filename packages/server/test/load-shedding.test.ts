import { expect, test } from 'vitest'
import { ask, createKey, startService, verify } from './_service.ts'

/** Keeps the event loop from turning, as a busy or starved process would. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('after the start, a lagging event loop sheds management requests and goes on verifying', async () => {
  const service = await startService({ maxLoopDelayMs: 100 })
  const { secret } = await createKey(service)
  let shed = await ask(service, 'GET', '/v1/whoami')
  const deadline = Date.now() + 20_000
  while (shed.status === 200 && Date.now() < deadline) {
    block(400)
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect((await verify(service, secret)).code).toBe('valid')
    shed = await ask(service, 'GET', '/v1/whoami')
  }
  expect(shed.status).toBe(503)
  expect(shed.body).toMatchObject({ code: 'overloaded' })
  expect(shed.headers['retry-after']).toBeDefined()
  expect((await verify(service, secret)).code).toBe('valid')
})
