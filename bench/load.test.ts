import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { loadFor, type Target } from './load.ts'
import { sendAtRate } from './open-load.ts'

const GOOD = '{"valid":true}'

async function startServer(listener: RequestListener): Promise<Target> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const expected = { status: 200, text: '"valid":true' }
  return { pid: process.pid, url: `http://127.0.0.1:${port}/`, bodies: ['{}'], expect: expected }
}

test('a run in which one answer is not the expected one fails', async () => {
  let asked = 0
  const refusing = await startServer((_, answer) => {
    answer.end(++asked === 100 ? '{"valid":false}' : GOOD)
  })
  await expect(loadFor(0.2, refusing)).rejects.toThrow('1 with another body')
  const failing = await startServer((_, answer) => {
    answer.statusCode = ++asked % 100 === 0 ? 503 : 200
    answer.end(GOOD)
  })
  await expect(loadFor(0.2, failing)).rejects.toThrow('other codes: 503')
  await expect(sendAtRate(1000, 0.2, failing)).rejects.toThrow('an answer was 503')
})

test('connections share the bodies, so that none is asked with twice', async () => {
  const seen: string[] = []
  const target = await startServer(async (request, answer) => {
    seen.push(await text(request))
    answer.end(GOOD)
  })
  const bodies = Array.from({ length: 64_000 }, (_, number) => `{"number":${number}}`)
  await loadFor(0.2, { ...target, bodies })
  expect(seen.length).toBeGreaterThan(64)
  expect(new Set(seen).size).toBe(seen.length)
})

test('a request that is due while the server is stuck waits from the moment it was due', async () => {
  const stuckMs = 1000
  let asked = 0
  const target = await startServer((_, answer) => {
    if (++asked === 30) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stuckMs)
    answer.end(GOOD)
  })
  // Sent once the server moves again, 150 requests are answered within a moment; due they were long before.
  const latencies = await sendAtRate(300, 0.6, target)
  expect(latencies.filter((ms) => ms > stuckMs / 2 - 50).length).toBeGreaterThan(130)
})
