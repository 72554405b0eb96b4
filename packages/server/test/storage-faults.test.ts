import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { ask, Ledger, verdict } from './_ledger.ts'
import { keysmith, type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'
import { mountSmallDisk, signalTraced, strace, straceProblem } from './_strace.ts'

const noStrace = straceProblem()
if (noStrace !== null && process.env.CI) throw new Error(`fault injection is needed: ${noStrace}`)

/** A folder that goes when the test ends, after all that was registered later. */
function workingFolder({ skip }: TestContext) {
  skip(noStrace !== null, noStrace ?? '')
  const root = tempFolder()
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return { root, dataDir: join(root, 'data'), trace: join(root, 'trace') }
}

/** A database with one key, made without faults; gives the token of its server. */
async function prepare(ledger: Ledger, dataDir: string): Promise<string> {
  const server = await serve({ dataDir })
  await ledger.change(server, 'create')
  expect(await server.stop()).toBe(0)
  return server.token
}

async function serveTraced(options: {
  dataDir: string
  token: string
  output: string
  trace: string
  inject?: string
}) {
  const { dataDir, token } = options
  const server = await serve({ dataDir, token, wrapper: strace(options) })
  onTestFinished(() => {
    if (server.child.exitCode === null) signalTraced(server.child.pid, 'SIGKILL')
  })
  return server
}

/** The exit code of a server that ends by itself. */
async function exitCode({ child }: RunningServer): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'close')
  return child.exitCode
}

test('each acknowledged change was flushed to the disk before its answer', async (context) => {
  const { dataDir, trace } = workingFolder(context)
  const ledger = new Ledger()
  const token = await prepare(ledger, dataDir)
  const server = await serveTraced({ dataDir, token, output: trace, trace: 'fsync,fdatasync' })
  const flushes = () => readFileSync(trace, 'utf8').match(/sync\(\d+<[^>]*keysmith\.db-wal>/g) ?? []
  for (let change = 1; change <= 15; change += 1) {
    await ledger.change(server, 'create')
    expect(flushes().length).toBeGreaterThanOrEqual(change)
  }
  signalTraced(server.child.pid, 'SIGTERM')
  expect(await exitCode(server)).toBe(0)
})

/** One failure, or all from then on: both end the process, since the next success would prove nothing. */
const FAULTS = [
  'fsync,fdatasync:error=EIO:when=1+',
  'fsync,fdatasync:error=EIO:when=12',
  'fsync,fdatasync:error=EIO:when=40+',
  'pwrite64:error=EIO:when=60',
]

test.for(FAULTS)(
  'T3: with %s the process ends, and what it acknowledged is there',
  async (inject, context) => {
    const { dataDir, trace } = workingFolder(context)
    const ledger = new Ledger()
    const token = await prepare(ledger, dataDir)
    const server = await serveTraced({
      dataDir,
      token,
      output: trace,
      trace: inject.split(':')[0] ?? '',
      inject,
    })
    const never = new AbortController().signal
    await ledger.load(server, { clients: 4, until: never })
    expect(await exitCode(server)).toBe(4)
    const { stdout } = server.output()
    expect(stdout).toMatch(/"level":"fatal".*SQLITE_IOERR.*a commit could not be made durable/)
    expect(readFileSync(trace, 'utf8')).toMatch(/EIO .*INJECTED/)

    const again = await serve({ dataDir, token })
    onTestFinished(async () => void (await again.stop()))
    expect(await ledger.compare(again)).toEqual([])
    expect((await keysmith(['audit', 'verify'], { KEYSMITH_DATA_DIR: dataDir })).code).toBe(0)
    expect([...ledger.refused]).toEqual([])
    expect(ledger.lost).toBeGreaterThan(0)
    process.stdout.write(
      `T3 ${inject}: ${ledger.acknowledged.length} acknowledged, ${ledger.lost} unanswered, 0 lost\n`,
    )
  },
)

/** Everything that must hold while no byte can be written. */
async function expectFullDisk(server: RunningServer, ledger: Ledger) {
  const keys = [...ledger.keys.values()].filter((key) => !key.isRevoked)
  const refused = await ask(server, 'POST', '/v1/keys', { name: 'full' })
  expect(refused.status).toBe(503)
  expect(refused.body).toMatchObject({ code: 'storage_unavailable' })
  for (const change of ['create', 'rotate', 'revoke'] as const) {
    await ledger.change(server, change, change === 'create' ? undefined : keys[0])
  }
  expect([...ledger.refused.keys()]).toEqual(['503 storage_unavailable'])
  expect(await Promise.all(keys.map((key) => verdict(server, key.secret)))).toEqual(
    keys.map(() => 'valid'),
  )
  expect((await ask(server, 'GET', `/v1/keys/${keys[0]?.id}`)).status).toBe(200)
  expect(server.child.exitCode).toBeNull()
}

/** Writes until one is refused; fails when none is. */
async function writeUntilRefused(server: RunningServer, ledger: Ledger) {
  for (let write = 0; ledger.refused.size === 0; write += 1) {
    expect(write).toBeLessThan(5000)
    await ledger.change(server, 'create')
  }
}

test('T4: while writes find no space they get 503, verifications go on, and later it works again', async (context) => {
  const { dataDir, trace } = workingFolder(context)
  const ledger = new Ledger()
  const token = await prepare(ledger, dataDir)
  const inject = 'pwrite64:error=ENOSPC:when=120..160'
  const server = await serveTraced({ dataDir, token, output: trace, trace: 'pwrite64', inject })
  await writeUntilRefused(server, ledger)
  await expectFullDisk(server, ledger)
  const acknowledged = ledger.acknowledged.length
  for (let write = 0; ledger.acknowledged.length === acknowledged; write += 1) {
    expect(write).toBeLessThan(41)
    await ledger.change(server, 'create')
  }
  expect(await ledger.compare(server)).toEqual([])
  signalTraced(server.child.pid, 'SIGTERM')
  expect(await exitCode(server)).toBe(0)
})

test('T4: on a disk that is really full the same holds, and the first write after works', async (context) => {
  const { root } = workingFolder(context)
  const folder = join(root, 'disk')
  mkdirSync(folder)
  const disk = mountSmallDisk(folder, '4m')
  if (disk === null) {
    const reason = 'SKIPPED: T4 on a real full disk needs to mount a tmpfs, as root or with sudo -n'
    process.stderr.write(`${reason}\n`)
    if (process.env.CI) throw new Error(reason)
    context.skip(reason)
    return
  }
  onTestFinished(disk.unmount)
  const ledger = new Ledger()
  const server = await serve({ dataDir: join(folder, 'data') })
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  for (let key = 0; key < 20; key += 1) await ledger.change(server, 'create')
  const filler = fill(join(folder, 'filler'))
  await writeUntilRefused(server, ledger)
  await expectFullDisk(server, ledger)
  const acknowledged = ledger.acknowledged.length
  rmSync(filler)
  await ledger.change(server, 'create')
  expect(ledger.acknowledged.length).toBe(acknowledged + 1)
  expect(await ledger.compare(server)).toEqual([])
  expect(await server.stop()).toBe(0)
})

/** Takes every byte that is left. */
function fill(file: string): string {
  const handle = openSync(file, 'w')
  for (const bytes of [65_536, 4096, 1]) {
    try {
      for (;;) writeSync(handle, Buffer.alloc(bytes))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }
  closeSync(handle)
  return file
}

test.for([
  ['is on a full disk', '> /dev/full', 'ENOSPC'],
  ['has no reader any more', '> >(true)', 'EPIPE'],
])('a log that %s does not stop the service', async ([, redirection, code]) => {
  const root = tempFolder()
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const wrapper = ['bash', '-c', `exec "$@" ${redirection}`, '--']
  const server = await serve({ dataDir: join(root, 'data'), wrapper })
  const ledger = new Ledger()
  for (let key = 0; key < 3; key += 1) await ledger.change(server, 'create')
  expect(await ledger.compare(server)).toEqual([])
  expect(await server.stop()).toBe(0)
  const line = `keysmith: the log cannot be written (${code}). The service goes on.\n`
  expect(server.output().stderr).toBe(line)
})
