import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Effort, Result } from './result.ts'
import { interleave, median, spreadOf } from './rounds.ts'
import { COMMAND } from './service.ts'

const RUNS = 5
const ROUNDS = { quick: 9, full: 45 }

/** The start of `keysmith --help` against an empty script. */
export async function measureCli(effort: Effort): Promise<Result> {
  const rounds = ROUNDS[effort]
  const folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-'))
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '')
  const variants = {
    empty: async () => timeOfRun([empty]),
    help: async () => timeOfRun([COMMAND, '--help']),
  }
  await interleave(3, variants)
  const times = await interleave(rounds, variants)
  rmSync(folder, { recursive: true })
  return {
    method: `From the start of the process to its end, ${RUNS} times per round, interleaved with an empty module.`,
    rounds,
    figures: [
      { what: 'empty script', unit: 'ms', ...spreadOf(times.map((time) => time.empty)) },
      {
        what: 'keysmith --help against an empty script',
        unit: 'x',
        must: { atMost: 2.5 },
        ...spreadOf(times.map((time) => time.help / time.empty)),
      },
      { what: 'keysmith --help', unit: 'ms', ...spreadOf(times.map((time) => time.help)) },
    ],
  }
}

/** Median time from start to end in ms. */
function timeOfRun(args: string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const startedAt = performance.now()
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
    return performance.now() - startedAt
  })
  return median(times)
}
