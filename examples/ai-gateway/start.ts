import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '@keysmith/client'
import { startKeysmith } from '../support/keysmith.ts'
import { startServer } from '../support/process.ts'
import { eventsOf } from './chat.ts'

const keysmith = await startKeysmith(['keys:*', 'tokens:write'])
const { keys, tokens } = createClient(keysmith)
const { secret: token } = await tokens.create({ name: 'gateway', permissions: ['keys:verify'] })
const model = await startServer(join(import.meta.dirname, 'model-server.ts'), {})
const gateway = await startServer(join(import.meta.dirname, 'gateway.ts'), {
  KEYSMITH_ENDPOINT: keysmith.baseUrl,
  KEYSMITH_TOKEN: token,
  MODEL_SERVER: model.url,
})
try {
  await show(keys)
} finally {
  await gateway.stop()
  await model.stop()
  await keysmith.stop()
}

async function show(keys: Client['keys']): Promise<void> {
  const { key, secret } = await keys.create({
    name: 'chat-app',
    allowedModels: ['small-*'],
    rateLimits: { requests: { limit: 60, windowSeconds: 60 } },
    quotas: { tokens: { limit: 100, period: 'month' } },
  })
  console.log('created a key for small models, with 100 tokens a month')

  await chat('a question', secret, { model: 'small-1', max_tokens: 50 })
  await showTokens(keys, key.id)
  await chat('a larger model', secret, { model: 'large-1', max_tokens: 50 })
  await chat('more than is left', secret, { model: 'small-1', max_tokens: 90 })
  await chat('no key', undefined, { model: 'small-1', max_tokens: 50 })
  await chat('a body without max_tokens', secret, { model: 'small-1' })
  await hangUp(secret)
  await showTokens(keys, key.id)

  await keys.revoke(key.id, { reason: 'example' })
  console.log('revoked the key')
  await chat('a question', secret, { model: 'small-1', max_tokens: 50 })
}

function ask(secret: string | undefined, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret && { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify({
      messages: [{ role: 'user', content: 'What is a key?' }],
      stream: true,
      ...body,
    }),
    ...(signal && { signal }),
  })
}

/** Prints the streamed answer, or how it was refused. */
async function chat(what: string, secret: string | undefined, body: object): Promise<void> {
  const answer = await ask(secret, body)
  if (answer.ok && answer.body) {
    const words: string[] = []
    for await (const { choices } of eventsOf(answer.body)) {
      words.push(choices[0]?.delta.content ?? '')
    }
    console.log(`${what}: ${answer.status} ${words.join('').trim()}`)
  } else {
    const { code } = (await answer.json()) as { code: string }
    console.log(`${what}: ${answer.status} ${code}`)
  }
}

/** Leaves after the first word. */
async function hangUp(secret: string): Promise<void> {
  const leave = new AbortController()
  const answer = await ask(secret, { model: 'small-1', max_tokens: 50 }, leave.signal)
  if (!answer.body) throw new Error('the answer has no body')
  for await (const { choices } of eventsOf(answer.body)) {
    console.log(`hung up after: ${choices[0]?.delta.content.trim()}`)
    break
  }
  leave.abort()
}

/** The gateway settles when the stream has ended, a moment after its caller has read it. */
async function showTokens(keys: Client['keys'], id: string): Promise<void> {
  for (;;) {
    const { tokens } = (await keys.get(id)).quotas
    if (tokens?.reserved === 0) {
      console.log(`used ${tokens.used} of ${tokens.limit} tokens, none reserved`)
      return
    }
    await sleep(20)
  }
}
