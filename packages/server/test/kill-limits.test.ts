import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { LimitsLedger } from './_limits-ledger.ts'
import { serve } from './_process.ts'
import { tempFolder } from './_service.ts'

// Acceptance of limits 4: what was charged or reserved and acknowledged is there after a kill -9.

const CYCLES = 25
const CLIENTS = 12

const root = tempFolder()
const dataDir = join(root, 'data')
const ledger = new LimitsLedger()
let token: string | undefined

afterAll(() => rmSync(root, { recursive: true, force: true }))

async function start(folder = dataDir) {
  const server = await serve({ dataDir: folder, ...(token === undefined ? {} : { token }) })
  token = server.token
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Pulls the plug in the middle of the load, this long after its first acknowledged request. */
async function killUnderLoad(server: Awaited<ReturnType<typeof serve>>, afterMs: number) {
  const stop = new AbortController()
  const before = ledger.acknowledged
  const load = ledger.load(server, { clients: CLIENTS, until: stop.signal })
  while (ledger.acknowledged === before) await sleep(5)
  await sleep(afterMs)
  await server.stop('SIGKILL')
  stop.abort()
  await load
}

test(`${CYCLES} kills under load lose no acknowledged charge, spend nothing twice and nothing over`, async () => {
  let server = await start()
  // Some are soon spent, so that what is lost could be spent over the limit.
  for (const limit of [100, 1000, 1_000_000]) await ledger.addAccount(server, limit)
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await killUnderLoad(server, 30 + (200 * cycle) / (CYCLES - 1))
    server = await start()
    await ledger.resolve(server)
    expect(await ledger.compare(server)).toEqual([])
    expect(await ledger.settleOpen(server, 3)).toEqual([])
    await ledger.addAccount(server, 50 * (cycle + 1))
  }
  const open = ledger.open.length
  expect(await ledger.settleOpen(server, open)).toEqual([])
  expect(await ledger.compare(server)).toEqual([])
  expect(await server.stop()).toBe(0)
  expect(ledger.unexpected).toEqual([])
  // Kills that never hit a running request, and limits that never refused, would prove nothing.
  expect(ledger.unanswered).toBeGreaterThan(CYCLES)
  expect(ledger.refused).toBeGreaterThan(0)
  process.stdout.write(
    `limits kill -9: ${CYCLES} cycles, ${ledger.acknowledged} acknowledged, ${ledger.unanswered} unanswered, ${ledger.refused} refused, ${open} open at the end, 0 lost, 0 spent over\n`,
  )
}, 240_000)

test('planted defect: the comparison finds what a database has lost', async () => {
  const server = await start()
  const charged = ledger.accounts.find(({ used }) => used > 0)
  if (!charged) throw new Error('the load has made no account')
  const stop = new AbortController()
  const load = ledger.load(server, { clients: 1, until: stop.signal })
  while (ledger.open.length === 0) await sleep(5)
  stop.abort()
  await load
  expect(await ledger.compare(server)).toEqual([])
  await server.stop()
  const gone = ledger.open[0]?.id ?? ''
  const copy = join(root, 'copy')
  cpSync(dataDir, copy, { recursive: true })
  const db = new Database(join(copy, 'keysmith.db'))
  db.prepare('UPDATE quota_counters SET used = used - 1 WHERE key_id = ?').run(charged.id)
  db.prepare('DELETE FROM reservations WHERE id = ?').run(gone)
  db.close()
  const damaged = await start(copy)
  expect(await ledger.compare(damaged)).toEqual([expect.stringContaining(`${charged.id}: used`)])
  expect(await ledger.settleOpen(damaged, 1)).toEqual([`${gone}: settling it was answered 404`])
}, 60_000)
