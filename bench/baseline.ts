import { join } from 'node:path'
import Fastify from 'fastify'
import type { Target } from './load.ts'
import { type Program, startProgram } from './program.ts'
import { ANSWER, ANSWER_SCHEMA, QUESTION_SCHEMA } from './wire.ts'

/**
 * B, what every ratio is against: a bare Fastify route with a schema for a question and an answer of the size of
 * ours, that does nothing. The same Node, a process of its own.
 *
 *   node bench/baseline.ts PORT
 */
const FILE = join(import.meta.dirname, 'baseline.ts')

export function startBaseline(): Promise<Program> {
  return startProgram((port) => [FILE, `${port}`])
}

export function baselineTarget({ pid, baseUrl }: Program, question: string): Target {
  const expect = { status: 200, text: '"valid":true' }
  return { pid, url: baseUrl, bodies: [question], expect }
}

if (process.argv[1] === FILE) {
  const app = Fastify()
  const schema = { body: QUESTION_SCHEMA, response: { 200: ANSWER_SCHEMA } }
  app.post('/', { schema }, () => ANSWER)
  await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
}
