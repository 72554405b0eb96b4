import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { ask } from './_ledger.ts'
import { type RunningServer, serve } from './_process.ts'
import { tempFolder } from './_service.ts'

const CYCLES = 5
const CLIENTS = 4
/** Each valid request costs so much. */
const COST = 3
/** Usage is written each second. The other second is for a machine that has more to do. */
const LOST_MS = 2000

const root = tempFolder()
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What the clients know, outside of the server. */
interface Asked {
  /** Requests that were sent, by the permission that was asked for. */
  sent: { granted: number; refused: number }
  /** Times of the answers. */
  answered: { granted: number[]; refused: number[] }
}

async function askUntilGone(server: RunningServer, secret: string, asked: Asked) {
  for (let turn = 0; ; turn += 1) {
    const kind = turn % 3 === 0 ? 'refused' : 'granted'
    const permissions = kind === 'refused' ? { permissions: ['jobs:write'] } : {}
    asked.sent[kind] += 1
    try {
      await ask(server, 'POST', '/v1/verify', { secret, cost: { tokens: COST }, ...permissions })
    } catch {
      return
    }
    asked.answered[kind].push(Date.now())
  }
}

async function readUsage(server: RunningServer, id: string) {
  const { status, body } = await ask(server, 'GET', `/v1/keys/${id}/usage?resolution=day`)
  expect(status).toBe(200)
  const sum = (kind: 'verdicts' | 'charged', name: string): number =>
    body.points.reduce(
      (total: number, point: Record<string, Record<string, number>>) =>
        total + (point[kind]?.[name] ?? 0),
      0,
    )
  return {
    granted: sum('verdicts', 'valid'),
    refused: sum('verdicts', 'missing_permission'),
    tokens: sum('charged', 'tokens'),
  }
}

test(`${CYCLES} kills lose about a second of usage each, and no count is ever above what was asked`, async () => {
  const dataDir = join(root, 'data')
  let server = await serve({ dataDir })
  const { token } = server
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  const { body } = await ask(server, 'POST', '/v1/keys', { name: 'load' })
  const asked: Asked = { sent: { granted: 0, refused: 0 }, answered: { granted: [], refused: [] } }
  /** Answers that came early enough before a kill, and were not yet counted among these. */
  const kept = { granted: 0, refused: 0 }
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const clients = Array.from({ length: CLIENTS }, () => askUntilGone(server, body.secret, asked))
    await new Promise((resolve) => setTimeout(resolve, LOST_MS + 500 + 170 * cycle))
    const killedAt = Date.now()
    await server.stop('SIGKILL')
    await Promise.all(clients)
    for (const kind of ['granted', 'refused'] as const) {
      kept[kind] += asked.answered[kind].filter((at) => at < killedAt - LOST_MS).length
      asked.answered[kind] = []
    }
    server = await serve({ dataDir, token })
    const usage = await readUsage(server, body.key.id)
    expect(usage.granted).toBeLessThanOrEqual(asked.sent.granted)
    expect(usage.refused).toBeLessThanOrEqual(asked.sent.refused)
    expect(usage.granted).toBeGreaterThanOrEqual(kept.granted)
    expect(usage.refused).toBeGreaterThanOrEqual(kept.refused)
    // What a second counted is written together or not at all.
    expect(usage.tokens).toBe(COST * usage.granted)
  }
  expect(kept.granted).toBeGreaterThan(0)
  expect(kept.refused).toBeGreaterThan(0)
  const before = await readUsage(server, body.key.id)
  const sent = asked.sent.granted + asked.sent.refused
  process.stdout.write(
    `usage after ${CYCLES} kills: ${before.granted + before.refused} of ${sent} requests counted, none twice\n`,
  )
  // A stop by SIGTERM loses nothing.
  for (let round = 0; round < 10; round += 1) {
    await ask(server, 'POST', '/v1/verify', { secret: body.secret, cost: { tokens: COST } })
  }
  expect(await server.stop()).toBe(0)
  server = await serve({ dataDir, token })
  expect(await readUsage(server, body.key.id)).toEqual({
    ...before,
    granted: before.granted + 10,
    tokens: before.tokens + 10 * COST,
  })
}, 120_000)
