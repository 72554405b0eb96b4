/**
 * Stands for the system you come from: Better Auth with its API key plugin on a SQLite file. It makes five keys
 * and writes what you would have: the strings at their users, and the rows of the table.
 *
 *   node mint.ts FOLDER
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Database from 'better-sqlite3'

const [, , folder = '.'] = process.argv
const database = new Database(join(folder, 'better-auth.sqlite'))
const auth = betterAuth({
  database,
  baseURL: 'http://127.0.0.1:3000',
  secret: randomBytes(32).toString('hex'),
  emailAndPassword: { enabled: true },
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [apiKey({ enableMetadata: true })],
})
await (await getMigrations(auth.options)).runMigrations()

const person = { name: 'Ada', email: 'ada@example.com', password: randomBytes(16).toString('hex') }
const { user } = await auth.api.signUpEmail({ body: person })
const day = 24 * 60 * 60
const wishes = [
  { name: 'website' },
  { name: 'billing', prefix: 'acme_' },
  { name: 'contractor', expiresIn: 30 * day },
  { name: 'ci', permissions: { jobs: ['read', 'write'] }, metadata: { team: 'platform' } },
  { name: 'old laptop' },
]
const strings: Record<string, string> = {}
for (const wish of wishes) {
  const { id, key } = await auth.api.createApiKey({ body: { ...wish, userId: user.id } })
  strings[wish.name] = key
  if (wish.name !== 'old laptop') continue
  await auth.api.updateApiKey({ body: { keyId: id, userId: user.id, enabled: false } })
}

writeFileSync(join(folder, 'strings.json'), JSON.stringify(strings))
const rows = database.prepare('SELECT * FROM apikey').all()
writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows))
