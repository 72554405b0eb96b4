import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { generateKey } from '@keysmith/key-format'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from './_ledger.ts'
import { keysmith, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

const root = tempFolder()
const installed = join(root, 'installed')
let copies = 0

beforeAll(async () => {
  // Other users come in as well: one test is run by one of them.
  chmodSync(root, 0o755)
  const server = await serve({ dataDir: installed })
  await ask(server, 'POST', '/v1/keys', { name: 'first' })
  expect(await server.stop()).toBe(0)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A copy of an installation that is in use, stopped in good order. */
function copyOfInstallation() {
  copies += 1
  const dataDir = join(root, `copy-${copies}`)
  cpSync(installed, dataDir, { recursive: true })
  return {
    dataDir,
    database: join(dataDir, 'keysmith.db'),
    pepper: join(dataDir, 'pepper.json'),
  }
}
type Copy = ReturnType<typeof copyOfInstallation>

/** The real command, which must end by itself: a start that is not refused is stopped and exits 0. */
function start(settings: Record<string, string>, args: string[] = []) {
  return keysmith(['serve', ...args], { KEYSMITH_PORT: '0', ...settings }, { timeout: 20_000 })
}

/** One sentence for the person who reads it: no stack, nothing else, and a way out. */
function expectSentence(
  { code, stdout, stderr }: Awaited<ReturnType<typeof keysmith>>,
  exitCode: number,
  says: RegExp,
) {
  expect(stderr).toMatch(says)
  expect(stderr).toMatch(/^keysmith: [^\n]+[.?]\n$/)
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
}

function contentOf(folder: string) {
  const files = readdirSync(folder).toSorted()
  return files.map((file) => [file, readFileSync(join(folder, file)).toString('base64')])
}

function edit(database: string, change: (db: Database.Database) => void) {
  const db = new Database(database)
  change(db)
  db.close()
}

function editPepper(file: string, change: (keyset: { peppers: Pepper[] }) => unknown) {
  const keyset = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify(change(keyset) ?? keyset))
}
interface Pepper {
  id: string
  state: string
  key: string
}

const anotherKey = () => randomBytes(32).toString('base64')

function flipPages(file: string, pages: (page: number) => boolean) {
  const bytes = readFileSync(file)
  for (let page = 1; page * 4096 < bytes.length; page += 1) {
    if (pages(page))
      bytes.subarray(page * 4096, page * 4096 + 64).forEach((byte, at, part) => {
        part[at] = byte ^ 0x55
      })
  }
  writeFileSync(file, bytes)
}

interface Case {
  name: string
  damage?: (copy: Copy) => unknown
  settings?: (copy: Copy) => Record<string, string>
  code: number
  says: RegExp
}

const DATABASE: Case[] = [
  {
    name: 'a database of random bytes',
    damage: ({ database }) => writeFileSync(database, randomBytes(65_536)),
    code: 4,
    says: /keysmith\.db is damaged.*Restore a backup/,
  },
  {
    name: 'a database whose pages are damaged behind a good header',
    damage: ({ database }) => flipPages(database, () => true),
    code: 4,
    says: /keysmith\.db is damaged.*Restore a backup/,
  },
  {
    name: 'a database with one damaged page',
    damage: ({ database }) => flipPages(database, (page) => page === 3),
    code: 4,
    says: /keysmith\.db is damaged.*Restore a backup/,
  },
  {
    name: 'a database cut in half',
    damage: ({ database }) => truncateSync(database, 40_960),
    code: 4,
    says: /keysmith\.db is damaged.*Restore a backup/,
  },
  {
    name: 'a database cut to nothing',
    damage: ({ database }) => truncateSync(database, 0),
    code: 4,
    says: /keysmith\.db is damaged, empty.*Restore a backup/,
  },
  {
    name: 'a SQLite database of another program',
    damage: ({ database }) => {
      rmSync(database)
      edit(database, (db) => db.exec('CREATE TABLE bookmarks (url TEXT)'))
    },
    code: 4,
    says: /of another program.*Set KEYSMITH_DATA_DIR/,
  },
  {
    name: 'a database of a newer version',
    damage: ({ database }) =>
      edit(database, (db) =>
        db.exec("INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', 1)"),
      ),
    code: 5,
    says: /9999-later\.sql, which this version does not know\. Run the newer Keysmith/,
  },
  {
    name: 'a database that was made by an altered migration',
    damage: ({ database }) =>
      edit(database, (db) => db.exec("UPDATE schema_migrations SET checksum = 'altered'")),
    code: 5,
    says: /0001-init\.sql differs.*Install an unaltered Keysmith/,
  },
  {
    name: 'a database that lacks migrations, when they are not to be applied at start',
    damage: ({ database }) => {
      rmSync(database)
      edit(database, (db) => {
        db.pragma(`application_id = ${0x4b534d31}`)
        db.pragma('journal_mode = WAL')
      })
    },
    settings: () => ({ KEYSMITH_AUTO_MIGRATE: 'off' }),
    code: 5,
    says: /lacks \d+ migration.*Run keysmith migrate up/,
  },
]

const PEPPER: Case[] = [
  {
    name: 'another pepper of the same id',
    damage: ({ pepper }) =>
      editPepper(pepper, ({ peppers: [first] }) => {
        if (first) first.key = anotherKey()
      }),
    code: 3,
    says: /pepper is not the one this database was made with.*Put the right keyset back/,
  },
  {
    name: 'another keyset',
    damage: ({ pepper }) =>
      editPepper(pepper, ({ peppers: [first] }) => {
        if (first) first.id = 'another'
      }),
    code: 3,
    says: /pepper lacks the one this database was made with.*Put the right keyset back/,
  },
  {
    name: 'another keyset in KEYSMITH_PEPPER, although the right file is there',
    settings: ({ pepper }) => {
      const keyset = JSON.parse(readFileSync(pepper, 'utf8'))
      keyset.peppers[0].key = anotherKey()
      return { KEYSMITH_PEPPER: JSON.stringify(keyset) }
    },
    code: 3,
    says: /pepper is not the one/,
  },
  {
    name: 'a missing pepper beside a database',
    damage: ({ pepper }) => rmSync(pepper),
    code: 3,
    says: /pepper .*pepper\.json is missing, but the database exists\. Put the file back/,
  },
  {
    name: 'a pepper cut short',
    damage: ({ pepper }) => truncateSync(pepper, 100),
    code: 3,
    says: /pepper\.json is not a pepper keyset: it is cut short.*Put the right one back/,
  },
  {
    name: 'an empty pepper',
    damage: ({ pepper }) => truncateSync(pepper, 0),
    code: 3,
    says: /is not a pepper keyset/,
  },
  {
    name: 'a pepper key that is too short',
    damage: ({ pepper }) =>
      editPepper(pepper, ({ peppers: [first] }) => {
        if (first) first.key = randomBytes(31).toString('base64')
      }),
    code: 3,
    says: /is not a pepper keyset/,
  },
  {
    name: 'a keyset of an unknown format',
    damage: ({ pepper }) => editPepper(pepper, (keyset) => ({ ...keyset, format: 'other/2' })),
    code: 3,
    says: /is not a pepper keyset/,
  },
  {
    name: 'two primary peppers',
    damage: ({ pepper }) =>
      editPepper(pepper, (keyset) => ({
        ...keyset,
        peppers: [...keyset.peppers, { ...keyset.peppers[0], id: 'second', key: anotherKey() }],
      })),
    code: 3,
    says: /is not a pepper keyset/,
  },
  {
    name: 'no primary pepper',
    damage: ({ pepper }) =>
      editPepper(pepper, ({ peppers: [first] }) => {
        if (first) first.state = 'enabled'
      }),
    code: 3,
    says: /is not a pepper keyset/,
  },
  {
    name: 'a pepper that others can read',
    damage: ({ pepper }) => chmodSync(pepper, 0o640),
    code: 3,
    says: /pepper\.json can be read by others\. Run chmod 600/,
  },
  {
    name: 'a pepper file that is named and not there',
    settings: ({ dataDir }) => ({ KEYSMITH_PEPPER_FILE: join(dataDir, 'none.json') }),
    code: 3,
    says: /KEYSMITH_PEPPER_FILE: .*none\.json cannot be read/,
  },
]

/** The published root vector: everybody knows it. */
const PUBLISHED = 'ks_root_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3y56oj'

const BOOTSTRAP: Case[] = [
  ['a malformed bootstrap token', 'not-a-token'],
  ['an empty bootstrap token', ''],
  ['a published vector as bootstrap token', PUBLISHED],
  ['a key as bootstrap token', generateKey({ brand: 'ks', kind: 'live' }).secret],
].map(([name = '', token = '']) => ({
  name,
  settings: () => ({ KEYSMITH_BOOTSTRAP_TOKEN: token }),
  code: 3,
  says: /KEYSMITH_BOOTSTRAP_TOKEN is not a management token of your own\. Make one with/,
}))

/** A server that ends with the test, however the test ends. */
async function serveForTest(options: Parameters<typeof serve>[0]) {
  const server = await serve(options)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

describe('the start is refused, and no byte of the data folder changes, with', () => {
  test.concurrent.for([...DATABASE, ...PEPPER, ...BOOTSTRAP])('$name', async (refused, context) => {
    const copy = copyOfInstallation()
    refused.damage?.(copy)
    const settings: Record<string, string> = refused.settings?.(copy) ?? {}
    const before = contentOf(copy.dataDir)
    const result = await start({ KEYSMITH_DATA_DIR: copy.dataDir, ...settings })
    expectSentence(result, refused.code, refused.says)
    context.expect(contentOf(copy.dataDir)).toEqual(before)
    const secrets = [settings.KEYSMITH_BOOTSTRAP_TOKEN, settings.KEYSMITH_PEPPER].filter(Boolean)
    for (const secret of secrets) context.expect(result.stderr).not.toContain(secret)
  })

  test('... and without any damage the copy starts', async () => {
    const { dataDir } = copyOfInstallation()
    const server = await serveForTest({ dataDir })
    expect((await ask(server, 'GET', '/v1/keys')).body.items).toHaveLength(1)
    expect(await server.stop()).toBe(0)
  })
})

const WRONG_SETTINGS: [settings: Record<string, string>, says: RegExp][] = [
  [{ KEYSMITH_HOST: '' }, /KEYSMITH_HOST is empty/],
  [{ KEYSMITH_PORT: '80.5' }, /KEYSMITH_PORT must be a whole number from 0 to 65535/],
  [{ KEYSMITH_PUBLIC_URL: 'ftp://k.test' }, /KEYSMITH_PUBLIC_URL must be an http or https/],
  [{ KEYSMITH_TRUSTED_PROXIES: 'proxy.test' }, /KEYSMITH_TRUSTED_PROXIES must be CIDR ranges/],
  [{ KEYSMITH_DATA_DIR: '' }, /KEYSMITH_DATA_DIR is empty/],
  [{ KEYSMITH_KEY_BRAND: 'example' }, /KEYSMITH_KEY_BRAND must be 2 to 12 lower-case letters/],
  [{ KEYSMITH_KEY_MAX_DAYS: '0' }, /KEYSMITH_KEY_MAX_DAYS must be a whole number from 1/],
  [{ KEYSMITH_KEY_DEFAULT_DAYS: 'never' }, /KEYSMITH_KEY_DEFAULT_DAYS must be a whole number/],
  [{ KEYSMITH_LEASE_MS: '1001' }, /KEYSMITH_LEASE_MS must be a whole number from 0 to 1000/],
  [
    { KEYSMITH_MANAGEMENT_PER_MINUTE: 'none' },
    /KEYSMITH_MANAGEMENT_PER_MINUTE must be a whole number from 0 to 10000000/,
  ],
  [{ KEYSMITH_AUTO_MIGRATE: 'true' }, /KEYSMITH_AUTO_MIGRATE must be one of on, off/],
  [{ KEYSMITH_LOG_LEVEL: 'verbose' }, /KEYSMITH_LOG_LEVEL must be one of trace, debug/],
  [{ KEYSMITH_LOG_FORMAT: 'pretty' }, /KEYSMITH_LOG_FORMAT must be one of json, text, auto/],
  [{ KEYSMITH_API_DOCS: 'yes' }, /KEYSMITH_API_DOCS must be one of on, off/],
  [{ KEYSMITH_SHUTDOWN_GRACE_MS: '10s' }, /KEYSMITH_SHUTDOWN_GRACE_MS must be a whole number/],
  [{ KEYSMITH_LOG_LEVL: 'info' }, /LOG_LEVL is not a setting.*Did you mean KEYSMITH_LOG_LEVEL\?/],
  [{ KEYSMITH_KEY_MAX_DAYS: '30' }, /DEFAULT_DAYS must be a number of at most .*MAX_DAYS/],
  [
    { KEYSMITH_BOOTSTRAP_TOKEN: 'x', KEYSMITH_BOOTSTRAP_TOKEN_FILE: '/x' },
    /BOOTSTRAP_TOKEN and KEYSMITH_BOOTSTRAP_TOKEN_FILE are both set\. Keep one/,
  ],
  [{ KEYSMITH_PEPPER: 'x', KEYSMITH_PEPPER_FILE: '/x' }, /both set\. Keep one/],
]

describe('a wrong setting stops the start before a folder is made', () => {
  test.concurrent.for(WRONG_SETTINGS)('%o', async ([settings, says], context) => {
    copies += 1
    const dataDir = join(root, `never-${copies}`)
    expectSentence(await start({ KEYSMITH_DATA_DIR: dataDir, ...settings }), 3, says)
    context.expect(existsSync(dataDir)).toBe(false)
  })

  test.concurrent('an env file that is missing, or that says something wrong', async () => {
    const settings = { KEYSMITH_DATA_DIR: join(root, 'never') }
    // Node reads this option too, wherever it stands, and is the first to complain.
    const missing = await start(settings, ['--env-file', join(root, 'none.env')])
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toMatch(/none\.env/)
    const file = join(root, 'wrong.env')
    writeFileSync(file, 'KEYSMITH_LEASE_MS=soon\n')
    expectSentence(await start(settings, ['--env-file', file]), 3, /KEYSMITH_LEASE_MS must be/)
  })
})

describe('places that cannot be used', () => {
  test('a port that another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const settings = { KEYSMITH_DATA_DIR: join(root, 'port'), KEYSMITH_PORT: String(port) }
    expectSentence(await start(settings), 1, /Port \d+ of 127\.0\.0\.1 is in use.*KEYSMITH_PORT/)
  })

  test('an address that this machine does not have', async () => {
    const settings = { KEYSMITH_DATA_DIR: join(root, 'host'), KEYSMITH_HOST: '192.0.2.1' }
    expectSentence(await start(settings), 1, /has no address 192\.0\.2\.1\. Set KEYSMITH_HOST/)
  })

  test('a file in the place of the data folder', async () => {
    const file = join(root, 'file')
    writeFileSync(file, 'mine')
    const refused = await start({ KEYSMITH_DATA_DIR: file })
    expectSentence(refused, 4, /cannot be (made|locked)\. Give this user write access/)
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  test('a data folder that this user cannot write to, new or in use', async () => {
    // Rights do not stop root, so the command runs as nobody there.
    const isRoot = process.getuid?.() === 0
    const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {}
    const empty = join(root, 'read-only')
    mkdirSync(empty, { mode: 0o555 })
    const { dataDir } = copyOfInstallation()
    onTestFinished(() => {
      for (const folder of [empty, dataDir]) chmodSync(folder, 0o755)
    })
    for (const path of [...readdirSync(dataDir).map((file) => join(dataDir, file)), dataDir]) {
      if (isRoot) chownSync(path, 65_534, 65_534)
      chmodSync(path, path === dataDir ? 0o555 : 0o400)
    }
    for (const folder of [empty, dataDir]) {
      const settings = { KEYSMITH_PORT: '0', KEYSMITH_DATA_DIR: folder }
      const refused = await keysmith(['serve'], settings, { timeout: 20_000, ...nobody })
      expectSentence(refused, 4, /cannot be locked\. Give this user write access/)
    }
  })

  test('a data folder whose path is too long for the control socket', async () => {
    const dataDir = join(root, 'long'.repeat(30))
    const refused = await start({ KEYSMITH_DATA_DIR: dataDir })
    expectSentence(refused, 3, /too long for a socket.*Set KEYSMITH_DATA_DIR to a shorter path/)
  })

  test('a data folder that another process uses, which goes on undisturbed', async () => {
    const { dataDir } = copyOfInstallation()
    const server = await serveForTest({ dataDir })
    const refused = await start({ KEYSMITH_DATA_DIR: dataDir })
    expectSentence(refused, 4, /Another keysmith process uses this data folder.*Stop it/)
    expect((await ask(server, 'POST', '/v1/keys', { name: 'second' })).status).toBe(201)
    const settings = { KEYSMITH_DATA_DIR: dataDir }
    const listed = await keysmith(['token', 'list', '--json'], settings)
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    await server.stop('SIGKILL')
    const again = await serveForTest({ dataDir, token: server.token })
    expect((await ask(again, 'GET', '/v1/keys')).body.items).toHaveLength(2)
    expect(await again.stop()).toBe(0)
  })
})
