import { Agent, request } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import type { Target } from './load.ts'

const MAX_SOCKETS = 256
const PATIENCE_MS = 5000

/**
 * Sends on schedule, whether or not answers come, and gives the latency of every request in ms from the moment it
 * was due: what waits because the server is behind counts as waiting. (autocannon's own rate sends each second's
 * requests at its beginning.) Throws when one answer is not the expected one.
 */
export async function sendAtRate(
  perSecond: number,
  seconds: number,
  target: Target,
): Promise<Float64Array> {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const send = createSender(agent, target)
  const latencies = new Float64Array(perSecond * seconds)
  const answers: Promise<void>[] = []
  let failure: unknown
  const startedAt = performance.now()
  while (answers.length < latencies.length && failure === undefined) {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000)
    while (answers.length < Math.min(due, latencies.length)) {
      const index = answers.length
      const dueAt = startedAt + (index * 1000) / perSecond
      const answered = send().then(
        () => {
          latencies[index] = performance.now() - dueAt
        },
        (error) => {
          failure ??= error
        },
      )
      answers.push(answered)
    }
    await setImmediate()
  }
  await Promise.all(answers)
  agent.destroy()
  if (failure !== undefined) throw failure
  return latencies
}

function createSender(agent: Agent, { url, token, bodies, expect }: Target): () => Promise<void> {
  const [body = ''] = bodies
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const options = { agent, method: 'POST', headers, timeout: PATIENCE_MS }
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(url, options, (answer) => {
        const chunks: string[] = []
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => chunks.push(chunk))
        answer.on('end', () => {
          const isExpected = chunks.join('').includes(expect.text)
          if (answer.statusCode === expect.status && isExpected) resolve()
          else reject(new Error(`an answer was ${answer.statusCode} ${chunks.join('')}`))
        })
      })
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)))
      sent.on('error', reject)
      sent.end(body)
    })
}
