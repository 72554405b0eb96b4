import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@keysmith/client'
import type { Effort, Result } from './result.ts'
import { interleave, median, spreadOf } from './rounds.ts'
import { seededFolder } from './seed.ts'
import { type Service, startService } from './service.ts'

const KEYS = 1_000_000
const PAGE = 50
const WALK_PAGE = 200
/** Shares of the list that lie before the page. */
const DEPTHS = [0.5, 0.999]
const CALLS = 10
const ROUNDS = { quick: 9, full: 45 }

/** A page of the list far down against the first one (P12). */
export async function measureList(effort: Effort): Promise<Result> {
  const folder = await seededFolder(KEYS)
  const service = await startService({ folder })
  try {
    return await measure(service, await findCursors(folder, service), ROUNDS[effort])
  } finally {
    await service.stop()
  }
}

async function measure(service: Service, cursors: string[], rounds: number): Promise<Result> {
  const pages = ['', ...cursors].map((cursor) => () => timeOfPage(service, cursor))
  const variants: Record<number, () => Promise<number>> = Object.fromEntries(pages.entries())
  await interleave(3, variants)
  const times = await interleave(rounds, variants)
  const against = (index: number) => times.map((time) => (time[index] ?? 0) / (time[0] ?? 0))
  return {
    method: `Pages of ${PAGE} out of ${KEYS} keys, one after the other, ${CALLS} per round, interleaved with the first page.`,
    rounds,
    figures: [
      { what: 'first page', unit: 'us', ...spreadOf(times.map((time) => time[0] ?? 0)) },
      ...DEPTHS.map((depth, index) => ({
        what: `P12 after ${depth * 100} % of the list, against first`,
        unit: 'x' as const,
        must: { atMost: 3 },
        goal: { atMost: 1.3 },
        ...spreadOf(against(index + 1)),
      })),
    ],
  }
}

/** Cursors are opaque: the whole list is walked once, and what it gives is kept with the keys. */
async function findCursors(folder: string, service: Service): Promise<string[]> {
  const file = join(folder, `cursors-${DEPTHS}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  console.log(`Walking ${KEYS} keys, once ...`)
  const wanted = DEPTHS.map((depth) => Math.floor((KEYS * depth) / WALK_PAGE))
  const cursors: string[] = []
  let walked = 0
  for await (const { nextCursor } of createClient(service)
    .keys.list({ limit: WALK_PAGE })
    .pages()) {
    walked += 1
    if (nextCursor && wanted.includes(walked)) cursors.push(nextCursor)
  }
  if (cursors.length !== DEPTHS.length) throw new Error(`the list ended after ${walked} pages`)
  writeFileSync(file, JSON.stringify(cursors))
  return cursors
}

/** Median time of a call in us. */
async function timeOfPage({ baseUrl, token }: Service, cursor: string): Promise<number> {
  const query = cursor === '' ? '' : `&cursor=${cursor}`
  const headers = { authorization: `Bearer ${token}` }
  const times: number[] = []
  for (let call = 0; call < CALLS; call++) {
    const startedAt = performance.now()
    const answer = await fetch(`${baseUrl}/v1/keys?limit=${PAGE}${query}`, { headers })
    const text = await answer.text()
    times.push(performance.now() - startedAt)
    if (JSON.parse(text).items?.length !== PAGE) throw new Error(`a page was ${text.slice(0, 200)}`)
  }
  return median(times) * 1000
}
