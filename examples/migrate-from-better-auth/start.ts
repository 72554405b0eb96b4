import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, type VerifiedKey } from '@keysmith/client'
import { maskKey } from '@keysmith/key-format'
import { type Keysmith, startKeysmith } from '../support/keysmith.ts'

/** By default Better Auth makes 64 letters of 52: 364 random bits. */
const ENTROPY_BITS = '364'

const keysmith = await startKeysmith(['keys:*', 'jobs:*'])
try {
  const { folder, command } = keysmith
  execFileSync(process.execPath, [join(import.meta.dirname, 'better-auth/mint.ts'), folder])
  console.log('Better Auth made 5 keys')
  const rows = join(folder, 'rows.json')
  const options = ['--hashes', rows, '--from', 'better-auth', '--entropy-bits', ENTROPY_BITS]
  console.log(command(['key', 'import', ...options]).trim())
  const strings = JSON.parse(readFileSync(join(folder, 'strings.json'), 'utf8'))
  await show(keysmith, strings)
} finally {
  await keysmith.stop()
}

/** Asks about the strings that Better Auth made, then replaces one of them. */
async function show(connection: Keysmith, strings: Record<string, string>): Promise<void> {
  const { keys, verify } = createClient(connection)
  const ask = async (what: string, secret = '', question = {}) => {
    const { code, key } = await verify(secret, question)
    console.log(`${what}: ${code}${factsOf(key)}`)
  }
  for (const [name, string] of Object.entries(strings)) await ask(name, string)
  await ask('ci, for jobs:delete', strings.ci, { permissions: ['jobs:delete'] })

  const { items } = await keys.list({ name: 'ci' })
  const id = items[0]?.id ?? ''
  const { secret } = await keys.rotate(id, { overlapSeconds: 3600 })
  console.log(`rotated ci: ${maskKey(secret)}, and the string of Better Auth works for an hour`)
  await ask('ci, new secret', secret)
  await ask('ci, old string', strings.ci)
  await keys.endOverlap(id)
  console.log('ended the overlap')
  await ask('ci, old string', strings.ci)
}

/** What came along: permissions, metadata, expiry. */
function factsOf(key: VerifiedKey | undefined): string {
  if (key === undefined) return ''
  const { permissions, metadata, expiresAt } = key
  const labels = Object.entries(metadata).map(([name, value]) => `${name}=${value}`)
  const facts = [...permissions, ...labels, ...(expiresAt === null ? [] : ['expires'])]
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`
}
