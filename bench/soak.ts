import { loadFor } from './load.ts'
import { residentMibOf } from './program.ts'
import { createColdLoad, createTarget, newQuestion, verifyTarget } from './questions.ts'
import type { Effort, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { seededFolder } from './seed.ts'
import { type Service, startService } from './service.ts'

const KEYS = 100_000
const SECONDS = 2
/** Three loads a round: 30 s, and 5 minutes. */
const ROUNDS = { quick: 5, full: 50 }
/** Until the cache is full and the code is compiled, memory may rise. */
const SETTLING_SHARE = 0.2

/** Whether memory stays flat under every kind of load. */
export async function measureSoak(effort: Effort): Promise<Result> {
  const service = await startService({ folder: await seededFolder(KEYS) })
  try {
    return await measure(service, ROUNDS[effort])
  } finally {
    await service.stop()
  }
}

async function measure(service: Service, rounds: number): Promise<Result> {
  const cached = verifyTarget(service, [await newQuestion(service)])
  const create = createTarget(service)
  const askCold = createColdLoad(service, { keys: KEYS, seconds: SECONDS })
  const resident = (load: () => Promise<unknown>) => async () => {
    await load()
    return residentMibOf(service.pid)
  }
  const samples = await interleave(rounds, {
    cold: resident(askCold),
    cached: resident(() => loadFor(SECONDS, cached)),
    create: resident(() => loadFor(SECONDS, create)),
  })
  const memory = samples.slice(rounds * SETTLING_SHARE).flatMap((round) => Object.values(round))
  const half = memory.length / 2
  const before = spreadOf(memory.slice(0, half))
  const after = spreadOf(memory.slice(half))
  const growth = after.median / before.median
  return {
    method: `${rounds * SECONDS * 3} s of verifications of other keys, verifications of one key and creates in turn, as fast as 64 connections get answers. Resident memory after each; the first fifth is left out.`,
    rounds,
    figures: [
      { what: 'resident memory, first half', unit: 'MiB', ...before },
      { what: 'resident memory, second half', unit: 'MiB', ...after },
      {
        what: 'second half against first',
        unit: 'x',
        must: { atMost: 1.1 },
        goal: { atMost: 1.02 },
        ...spreadOf([growth]),
      },
    ],
  }
}
