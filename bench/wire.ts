/** A question and an answer of the size of ours, for servers that are measured beside it. */

const text = { type: 'string' }
const texts = { type: 'array', items: text }

export const QUESTION_SCHEMA = {
  type: 'object',
  required: ['secret'],
  additionalProperties: false,
  properties: { secret: text, permissions: texts },
}

export const ANSWER = {
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

export const ANSWER_SCHEMA = {
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
