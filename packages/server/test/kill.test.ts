import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { Ledger } from './_ledger.ts'
import { keysmith, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

const CYCLES = 25
const CLIENTS = 4

const root = tempFolder()
const dataDir = join(root, 'data')
const ledger = new Ledger()
let token: string | undefined

afterAll(() => rmSync(root, { recursive: true, force: true }))

async function start(folder = dataDir) {
  const startedAt = performance.now()
  const server = await serve({ dataDir: folder, ...(token === undefined ? {} : { token }) })
  token = server.token
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return { server, readyMs: performance.now() - startedAt }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Pulls the plug in the middle of the load, this long after its first acknowledged change. */
async function killUnderLoad(server: Awaited<ReturnType<typeof serve>>, afterMs: number) {
  const stop = new AbortController()
  const before = ledger.acknowledged.length
  const load = ledger.load(server, { clients: CLIENTS, until: stop.signal })
  while (ledger.acknowledged.length === before) await sleep(5)
  await sleep(afterMs)
  await server.stop('SIGKILL')
  stop.abort()
  await load
}

test(`T1: ${CYCLES} kills under load lose no acknowledged change and leave none half done`, async () => {
  const readyTimes: number[] = []
  let { server } = await start()
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await killUnderLoad(server, 50 + (250 * cycle) / (CYCLES - 1))
    const again = await start()
    server = again.server
    readyTimes.push(again.readyMs)
    expect(await ledger.compare(server, 'the last time')).toEqual([])
    if (cycle % 8 === 0) expect(await auditVerify()).toMatchObject({ code: 0 })
  }
  expect(await ledger.compare(server)).toEqual([])
  expect(await auditVerify()).toMatchObject({ code: 0 })
  expect(await server.stop()).toBe(0)
  expect([...ledger.refused]).toEqual([])
  // Kills that never hit a running change would prove nothing.
  expect(ledger.lost).toBeGreaterThan(CYCLES)
  readyTimes.sort((a, b) => a - b)
  const ms = (part: number) => Math.round(readyTimes[Math.floor(part * (CYCLES - 1))] ?? 0)
  process.stdout.write(
    `T1 kill -9: ${CYCLES} cycles, ${ledger.acknowledged.length} acknowledged, ${ledger.lost} unanswered, 0 lost, 0 half done; ready p50 ${ms(0.5)} ms, max ${ms(1)} ms\n`,
  )
}, 120_000)

test('planted defect: the comparison finds what a database has lost', async () => {
  const revoked = [...ledger.keys.values()].filter((key) => key.isRevoked && !key.unanswered)
  const live = [...ledger.keys.values()].filter((key) => !key.isRevoked && !key.unanswered)
  const rotated = live.filter((key) => key.ended !== null)
  const [unrevoked, gone, rolledBack] = [revoked[0]!.id, live[0]!.id, rotated.at(-1)!.id]
  const unaudited = revoked.at(-1)!.id
  const copy = join(root, 'copy')
  cpSync(dataDir, copy, { recursive: true })
  const db = new Database(join(copy, 'keysmith.db'))
  db.prepare('UPDATE keys SET revoked_at = NULL WHERE id = ?').run(unrevoked)
  db.prepare('DELETE FROM secrets WHERE key_id = ?').run(gone)
  db.prepare('DELETE FROM usage WHERE key_id = ?').run(gone)
  db.prepare('DELETE FROM keys WHERE id = ?').run(gone)
  db.prepare('UPDATE secrets SET ends_at = NULL WHERE key_id = ?').run(rolledBack)
  db.prepare("DELETE FROM audit_events WHERE target_id = ? AND action = 'key.revoked'").run(
    unaudited,
  )
  db.close()

  const { server } = await start(copy)
  const found = await ledger.compare(server)
  expect(await auditVerify(copy)).toMatchObject({ code: 7 })
  await server.stop()
  expect(found.toSorted()).toEqual(
    [
      `key ${unrevoked}: valid instead of revoked`,
      `key ${unrevoked}: revoked is not what its audit rows say`,
      `key ${gone}: unknown instead of valid`,
      `key ${gone}: has audit rows and is not there`,
      `key ${rolledBack}: a secret that was ended is valid again`,
      `key ${unaudited}: key.revoked was acknowledged and has no audit row`,
      `key ${unaudited}: revoked is not what its audit rows say`,
    ].toSorted(),
  )
}, 60_000)

async function auditVerify(folder = dataDir) {
  return keysmith(['audit', 'verify'], { KEYSMITH_DATA_DIR: folder })
}
