import { createHash, createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@keysmith/client'
import { formatKey, parseKey } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { COMMAND, startService } from './service.ts'

const CACHE = join(import.meta.dirname, '../node_modules/.cache/keysmith-bench')
const MIGRATIONS = join(COMMAND, '../../store/sqlite/migrations')
const SAMPLE = 200
const PAGE_CACHE_KIB = 1_000_000

const PERMISSION = 'jobs:write'
/** What every key of a benchmark is, apart from its limits. */
export const KEY = {
  name: 'billing-worker',
  owner: 'team-billing',
  permissions: ['jobs:*'],
  expiresAt: '2099-01-01T00:00:00.000Z',
}

/**
 * A data folder with that many keys in use, kept between runs and per schema. A million creates would
 * take too long, so the service makes one key and stops, and the others are written into its file: copies of that
 * row, each with the digest of its own secret. A sample is then verified through the API.
 */
export async function seededFolder(keys: number): Promise<string> {
  const folder = join(CACHE, `${schemaVersion()}-${keys}`)
  if (existsSync(folder)) return folder
  console.log(`Making ${keys} keys, once ...`)
  const draft = `${folder}.draft`
  rmSync(draft, { recursive: true, force: true })
  const templateId = await createTemplate(draft)
  insertKeys(join(draft, 'data'), templateId, keys)
  await requireReal(draft, keys)
  renameSync(draft, folder)
  return folder
}

/** The secret of the seeded key of this number: the same in every run, so that none has to be kept. */
function seededSecret(number: number): string {
  const bytes = createHash('sha512').update(`keysmith-bench/${number}`).digest()
  const [id, random] = [bytes.subarray(0, 10), bytes.subarray(10, 42)]
  return formatKey({ brand: 'ks', kind: 'live', id, random })
}

/** Bodies for `POST /v1/verify`, each with another of the seeded keys. */
export function seededQuestions(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => toQuestion(seededSecret(first + index)))
}

/** The body of a verification; `cost` is there for keys with a quota. */
export function toQuestion(secret: string, cost: { cost?: Record<string, number> } = {}): string {
  return JSON.stringify({ secret, permissions: [PERMISSION], ...cost })
}

function schemaVersion(): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(MIGRATIONS).sort())
    hash.update(readFileSync(join(MIGRATIONS, file)))
  return hash.digest('hex').slice(0, 12)
}

async function createTemplate(folder: string): Promise<string> {
  const service = await startService({ folder })
  const { key } = await createClient(service).keys.create(KEY)
  await service.stop()
  return key.id
}

function insertKeys(dataFolder: string, templateId: string, count: number): void {
  const db = new Database(join(dataFolder, 'keysmith.db'), { fileMustExist: true })
  // A crash here leaves a draft, which the next run throws away.
  db.pragma('synchronous = OFF')
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`)
  const digest = createDigest(dataFolder)
  const key = readRow(db, 'SELECT * FROM keys WHERE id = ?', templateId)
  const secret = readRow(db, 'SELECT * FROM secrets WHERE key_id = ?', templateId)
  const insertKey = prepareInsert(db, 'keys', key)
  const insertSecret = prepareInsert(db, 'secrets', secret)
  const newest = Number(key.created_at)
  db.transaction(() => {
    for (let number = 0; number < count; number++) {
      const text = seededSecret(number)
      const parsed = parseKey(text)
      if (!parsed.ok) throw new Error('a seeded secret must be one of ours')
      const at = newest - number
      const times = { created_at: at, updated_at: at }
      insertKey.run({ ...key, ...times, id: parsed.id, secret_version: at })
      const of = { key_id: parsed.id, version: at, created_at: at }
      insertSecret.run({ ...secret, ...of, digest: digest(text) })
    }
  })()
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

type Row = Record<string, unknown>

function readRow(db: Database.Database, sql: string, id: string): Row {
  const row = db.prepare<[string], Row>(sql).get(id)
  if (row === undefined) throw new Error(`no row for ${id}`)
  return row
}

/** Whatever columns the schema has, each is written as the service wrote it. */
function prepareInsert(db: Database.Database, table: string, row: Row): Database.Statement<[Row]> {
  const columns = Object.keys(row)
  const values = columns.map((column) => `@${column}`)
  return db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${values})`)
}

/** The stored form of a secret: HMAC-SHA-256(pepper, SHA-256(secret)), with the pepper of the folder. */
function createDigest(dataFolder: string): (secret: string) => Buffer {
  const { peppers } = JSON.parse(readFileSync(join(dataFolder, 'pepper.json'), 'utf8'))
  const pepper = Buffer.from(peppers[0].key, 'base64')
  return (secret) => {
    const sha256 = createHash('sha256').update(secret).digest()
    return createHmac('sha256', pepper).update(sha256).digest()
  }
}

/** The service must know keys from the whole range as its own. */
async function requireReal(folder: string, keys: number): Promise<void> {
  const service = await startService({ folder })
  const { verify } = createClient(service)
  for (let sample = 0; sample < SAMPLE; sample++) {
    const number = Math.floor((sample / (SAMPLE - 1)) * (keys - 1))
    const { valid, code } = await verify(seededSecret(number), { permissions: [PERMISSION] })
    if (!valid) throw new Error(`seeded key ${number} is ${code}`)
  }
  await service.stop()
}
