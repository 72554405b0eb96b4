import Fastify from 'fastify'
import { ANSWER_SCHEMA, QUESTION_SCHEMA } from '../wire.ts'

export interface Peer {
  verify: (secret: string) => unknown
  create?: () => unknown
}

const ISSUED_SCHEMA = {
  type: 'object',
  properties: { id: { type: 'string' }, secret: { type: 'string' } },
}

/** Serves a peer that brings no server of its own, with the schemas that B has. */
export async function listen(port: number, { verify, create }: Peer): Promise<void> {
  const app = Fastify()
  const schema = { body: QUESTION_SCHEMA, response: { 200: ANSWER_SCHEMA } }
  app.post<{ Body: { secret: string } }>('/verify', { schema }, ({ body }) => verify(body.secret))
  if (create) {
    const response = { 201: ISSUED_SCHEMA }
    app.post('/create', { schema: { response } }, async (_request, reply) => {
      reply.code(201)
      return create()
    })
  }
  await app.listen({ port, host: '127.0.0.1' })
}
