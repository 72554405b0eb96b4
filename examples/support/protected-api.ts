import { createClient } from '@keysmith/client'
import { maskKey } from '@keysmith/key-format'
import { type Keysmith, startKeysmith } from './keysmith.ts'
import { startServer } from './process.ts'

interface Example {
  /** Path of the program that is protected. */
  server: string
  /** A path of it that needs the permission `jobs:write` and answers a POST. */
  path: string
  /** The same for a model that the key of this example may not use, where the program knows models. */
  otherModel?: string
}

/** Starts a Keysmith and the program, calls the program in every way, and prints what it answers. */
export async function showProtectedApi(example: Example): Promise<void> {
  const keysmith = await startKeysmith(['keys:*', 'tokens:write', 'jobs:*'])
  console.log(`keysmith runs at ${keysmith.baseUrl}, on a folder that is thrown away`)
  try {
    await show(example, keysmith)
  } finally {
    await keysmith.stop()
  }
}

async function show({ server, path, otherModel }: Example, keysmith: Keysmith): Promise<void> {
  const { keys, tokens } = createClient(keysmith)
  // All that a protected program needs is to ask about keys.
  const { secret: token } = await tokens.create({ name: 'api', permissions: ['keys:verify'] })
  const program = await startServer(server, {
    KEYSMITH_ENDPOINT: keysmith.baseUrl,
    KEYSMITH_TOKEN: token,
  })
  const api = program.url
  try {
    const { key, secret } = await keys.create({
      name: 'worker',
      permissions: ['jobs:write'],
      allowedModels: otherModel === undefined ? null : ['small-*'],
    })
    const reader = await keys.create({ name: 'reader', permissions: ['jobs:read'] })
    console.log(`created the key ${maskKey(secret)}`)
    await call('with the key', api + path, secret)
    await call('without a key', api + path)
    await call('with a key that lacks jobs:write', api + path, reader.secret)
    if (otherModel !== undefined) await call('for another model', api + otherModel, secret)
    await keys.revoke(key.id, { reason: 'example' })
    console.log('revoked the key')
    await call('with the key', api + path, secret)
    await keysmith.stop()
    console.log('stopped keysmith')
    await call('with the other key', api + path, reader.secret)
  } finally {
    await program.stop()
  }
}

async function call(what: string, url: string, secret?: string): Promise<void> {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` }
  const answer = await fetch(url, { method: 'POST', headers })
  const text = answer.ok ? await answer.text() : answer.headers.get('www-authenticate')
  console.log(`POST ${what}: ${answer.status} ${text ?? ''}`.trimEnd())
}
