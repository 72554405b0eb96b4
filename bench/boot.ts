import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { residentMibOf } from './program.ts'
import { createColdLoad, verifyTarget } from './questions.ts'
import type { Effort, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { seededFolder, seededQuestions } from './seed.ts'
import { startService } from './service.ts'

const KEYS = 1_000_000
/** More than the 50,000 that are remembered by default. */
const SEVERAL_KEYS = 75_000
const LOAD_SECONDS = 2
const ROUNDS = { quick: 9, full: 25 }

/** From the start of the process to its first verdict, and its memory with a full cache (P11). */
export async function measureBoot(effort: Effort): Promise<Result> {
  const folder = await seededFolder(KEYS)
  const [question = ''] = seededQuestions(1)
  const variants = {
    empty: timeOfEmptyScript,
    keysmith: () => timeToVerdict(folder, question),
  }
  await interleave(1, variants)
  const times = await interleave(ROUNDS[effort], variants)
  const { idleMib, fullMib } = await measureMemory(folder)
  return {
    method: `From the start of the process to the first verdict over HTTP, ${KEYS} keys, warm file cache, interleaved with an empty script. Memory: after verifications of ${SEVERAL_KEYS} keys, more than are remembered, as fast as 64 connections get answers.`,
    rounds: ROUNDS[effort],
    figures: [
      { what: 'empty script', unit: 'ms', ...spreadOf(times.map(({ empty }) => empty)) },
      {
        what: 'P11 start to first verdict, 1M keys',
        unit: 'ms',
        must: { atMost: 1000 },
        goal: { atMost: 400 },
        ...spreadOf(times.map(({ keysmith }) => keysmith)),
      },
      { what: 'resident memory after the start', unit: 'MiB', ...spreadOf([idleMib]) },
      {
        what: 'P11 resident memory, 50k rows cached',
        unit: 'MiB',
        must: { atMost: 200 },
        goal: { atMost: 150 },
        ...spreadOf([fullMib]),
      },
    ],
  }
}

async function timeOfEmptyScript(): Promise<number> {
  const startedAt = performance.now()
  await once(spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' }), 'close')
  return performance.now() - startedAt
}

async function timeToVerdict(folder: string, question: string): Promise<number> {
  const startedAt = performance.now()
  const service = await startService({ folder })
  const { url, token } = verifyTarget(service, [question])
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: question,
  })
  const text = await answer.text()
  const time = performance.now() - startedAt
  await service.stop()
  if (!text.includes('"valid":true')) throw new Error(`the first verdict was ${text}`)
  return time
}

async function measureMemory(folder: string): Promise<{ idleMib: number; fullMib: number }> {
  const service = await startService({ folder })
  const idleMib = residentMibOf(service.pid)
  const askNext = createColdLoad(service, { keys: SEVERAL_KEYS, seconds: LOAD_SECONDS })
  for (let asked = 0; asked < SEVERAL_KEYS; ) asked += (await askNext()).requests
  const fullMib = residentMibOf(service.pid)
  await service.stop()
  return { idleMib, fullMib }
}
