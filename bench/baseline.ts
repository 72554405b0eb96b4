import { join } from 'node:path'
import Fastify from 'fastify'
import { type Program, startProgram } from './program.ts'

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

const text = { type: 'string' }
const texts = { type: 'array', items: text }

export const QUESTION_SCHEMA = {
  type: 'object',
  required: ['secret'],
  additionalProperties: false,
  properties: { secret: text, permissions: texts },
}

const ANSWER = {
  valid: true,
  code: 'valid',
  key: {
    id: '1000g40r40m30e20',
    name: 'billing-worker',
    owner: 'team-billing',
    project: '1000g40r40m30e21',
    environment: 'live',
    permissions: ['jobs:*'],
    expiresAt: '2099-01-01T00:00:00.000Z',
  },
  leaseMs: 1000,
}

const { id, name, owner, project, environment, expiresAt } = Object.fromEntries(
  Object.keys(ANSWER.key).map((field) => [field, text]),
)

const ANSWER_SCHEMA = {
  type: 'object',
  properties: {
    valid: { type: 'boolean' },
    code: text,
    key: {
      type: 'object',
      properties: { id, name, owner, project, environment, permissions: texts, expiresAt },
    },
    leaseMs: { type: 'integer' },
  },
}

if (process.argv[1] === FILE) {
  const app = Fastify()
  const schema = { body: QUESTION_SCHEMA, response: { 200: ANSWER_SCHEMA } }
  app.post('/', { schema }, () => ANSWER)
  await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
}
