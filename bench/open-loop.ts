import { baselineTarget, startBaseline } from './baseline.ts'
import { loadFor, type Target } from './load.ts'
import { sendAtRate } from './open-load.ts'
import type { Program } from './program.ts'
import { newQuestion, verifyTarget } from './questions.ts'
import type { Effort, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { type Service, startService } from './service.ts'

const PER_SECOND = 5000
/** A server near its limit shows its queue and not its speed. */
const SHARE_OF_MAX = 0.5
const WARM_UP_SECONDS = 2
const EFFORT = { quick: { rounds: 9, seconds: 1 }, full: { rounds: 15, seconds: 4 } }

/** Latency under an open load, against B (P8). */
export async function measureOpenLoop(effort: Effort): Promise<Result> {
  const [baseline, service] = [await startBaseline(), await startService()]
  try {
    return await measure(effort, baseline, service)
  } finally {
    for (const program of [baseline, service]) await program.stop()
  }
}

async function measure(effort: Effort, baseline: Program, service: Service): Promise<Result> {
  const { rounds, seconds } = EFFORT[effort]
  const question = await newQuestion(service)
  const targets = {
    baseline: baselineTarget(baseline, question),
    service: verifyTarget(service, [question]),
  }
  const perSecond = await bearableRate(targets)
  const send = (target: Target) => async () => {
    const sorted = (await sendAtRate(perSecond, seconds, target)).toSorted()
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
    return { p50: at(0.5), p99: at(0.99) }
  }
  const variants = { baseline: send(targets.baseline), service: send(targets.service) }
  await interleave(1, variants)
  const latencies = await interleave(rounds, variants)
  const of = (take: (round: (typeof latencies)[number]) => number) => spreadOf(latencies.map(take))
  return {
    method: `${perSecond} requests a second on schedule for ${seconds} s each, interleaved with B; latency counts from the moment a request is due.`,
    rounds,
    figures: [
      { what: 'B, p99', unit: 'ms', ...of((round) => round.baseline.p99) },
      { what: 'cached, p99', unit: 'ms', ...of((round) => round.service.p99) },
      {
        what: 'P8 p99, against B',
        unit: 'x',
        must: { atMost: 2 },
        goal: { atMost: 1.3 },
        ...of((round) => round.service.p99 / round.baseline.p99),
      },
      {
        what: 'p50, against B',
        unit: 'x',
        ...of((round) => round.service.p50 / round.baseline.p50),
      },
    ],
  }
}

/** 5,000 a second, or half of what the slower one can do on a machine too small for that. */
async function bearableRate(targets: Record<string, Target>): Promise<number> {
  const limits: number[] = []
  for (const target of Object.values(targets)) {
    const { perSecond } = await loadFor(WARM_UP_SECONDS, target)
    limits.push(perSecond * SHARE_OF_MAX)
  }
  return Math.min(PER_SECOND, Math.floor(Math.min(...limits) / 100) * 100)
}
