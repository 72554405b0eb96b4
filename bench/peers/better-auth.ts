/**
 * Better Auth with its API key plugin, behind the frame that B has. It verifies on `/verify` and creates on `/create`,
 * and writes a secret that works to FOLDER/secret.
 *
 *   node better-auth.ts PORT FOLDER defaults|wal|wal-full|quota|memory
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Database from 'better-sqlite3'
import { ANSWER } from '../wire.ts'
import { listen } from './listen.ts'

const [, , port, folder = '.', variant = 'defaults'] = process.argv
const PERMISSIONS = { jobs: ['write'] }
const PLENTY = 1_000_000_000

const database = new Database(join(folder, 'better-auth.sqlite'))
if (variant !== 'defaults') {
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${variant === 'wal-full' ? 'FULL' : 'NORMAL'}`)
}
const memory = new Map<string, string>()
const take = (key: string) => {
  const value = memory.get(key) ?? null
  memory.delete(key)
  return value
}
const secondaryStorage = {
  get: (key: string) => memory.get(key) ?? null,
  getAndDelete: take,
  set: (key: string, value: string) => {
    memory.set(key, value)
  },
  delete: (key: string) => {
    memory.delete(key)
  },
  increment: (key: string) => {
    const count = Number(memory.get(key) ?? 0) + 1
    memory.set(key, `${count}`)
    return count
  },
}
const inMemory = variant === 'memory'
const auth = betterAuth({
  database,
  ...(inMemory ? { secondaryStorage } : {}),
  baseURL: `http://127.0.0.1:${port}`,
  secret: randomBytes(32).toString('hex'),
  emailAndPassword: { enabled: true },
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [
    apiKey({
      rateLimit: { enabled: false },
      storage: inMemory ? 'secondary-storage' : 'database',
    }),
  ],
})
await (await getMigrations(auth.options)).runMigrations()

const person = { name: 'Ada', email: 'ada@example.com', password: randomBytes(16).toString('hex') }
const { user } = await auth.api.signUpEmail({ body: person })
const wish = { name: 'billing-worker', userId: user.id, permissions: PERMISSIONS }
const limits = variant === 'quota' ? { remaining: PLENTY } : {}
const { key: secret } = await auth.api.createApiKey({ body: { ...wish, ...limits } })
writeFileSync(join(folder, 'secret'), secret)

await listen(Number(port), {
  verify: async (presented) => {
    const { valid, key } = await auth.api.verifyApiKey({
      body: { key: presented, permissions: PERMISSIONS },
    })
    if (!valid || key === null) return { valid: false, code: 'unknown' }
    const { id, name, expiresAt } = key
    return {
      ...ANSWER,
      key: { ...ANSWER.key, id, name: name ?? '', expiresAt: String(expiresAt) },
    }
  },
  create: async () => {
    const { id, key } = await auth.api.createApiKey({ body: wish })
    return { id, secret: key }
  },
})
