import { baselineTarget, startBaseline } from './baseline.ts'
import { chargeAcrossKills, type Exactness } from './crash.ts'
import { loadFor, type Target, type Throughput } from './load.ts'
import type { Program } from './program.ts'
import { createColdLoad, newQuestion, verifyTarget } from './questions.ts'
import type { Effort, Figure, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { seededFolder } from './seed.ts'
import { type Service, startService } from './service.ts'

const KEYS = 100_000
const EFFORT = {
  quick: { rounds: 9, seconds: 0.4, kills: 1 },
  full: { rounds: 15, seconds: 2, kills: 10 },
}
const WARM_UP_ROUNDS = 2
/** Limits that are counted and never reached. */
const RATE_LIMITS = { requests: { limit: 10_000_000, windowSeconds: 60 } }
const QUOTAS = { credits: { limit: 1_000_000_000_000, period: 'none' as const } }
const METERED_KEYS = 64
/** Whatever a setting can switch off. */
const SWITCHED_OFF = {
  KEYSMITH_LEASE_MS: '0',
  KEYSMITH_API_DOCS: 'off',
  KEYSMITH_LOG_LEVEL: 'silent',
}

/** Verification against a route that does nothing (P1, P2, P3, P14). */
export async function measureVerify(effort: Effort): Promise<Result> {
  const folder = await seededFolder(KEYS)
  const programs = [
    await startBaseline(),
    await startService({ folder }),
    await startService({ settings: SWITCHED_OFF }),
  ] as const
  try {
    return await measure(effort, ...programs)
  } finally {
    for (const program of programs) await program.stop()
  }
}

async function measure(
  effort: Effort,
  baseline: Program,
  service: Service,
  bare: Service,
): Promise<Result> {
  const { rounds, seconds, kills } = EFFORT[effort]
  const cached = await newQuestion(service, { rateLimits: RATE_LIMITS })
  const metered: string[] = []
  for (let key = 0; key < METERED_KEYS; key++) {
    metered.push(await newQuestion(service, { quotas: QUOTAS, cost: 1 }))
  }
  const withoutOptions = await newQuestion(bare)
  const ask = (target: Target) => () => loadFor(seconds, target)
  const variants = {
    baseline: ask(baselineTarget(baseline, cached)),
    cached: ask(verifyTarget(service, [cached])),
    cold: createColdLoad(service, { keys: KEYS, seconds }),
    quota: ask(verifyTarget(service, metered)),
    withoutOptions: ask(verifyTarget(bare, [withoutOptions])),
  }
  await interleave(WARM_UP_ROUNDS, variants)
  const measured = await interleave(rounds, variants)
  const exactness = await chargeAcrossKills(kills)
  return {
    method: `As fast as 64 connections get answers, ${seconds} s each, interleaved with B; every answer is checked.`,
    rounds,
    figures: [...toFigures(measured), ...toExactFigures(exactness)],
  }
}

type Measured = Record<'baseline' | 'cached' | 'cold' | 'quota' | 'withoutOptions', Throughput>

function toFigures(rounds: Measured[]): Figure[] {
  const of = (take: (round: Measured) => number) => spreadOf(rounds.map(take))
  const ratio = (one: keyof Measured, other: keyof Measured) =>
    of((round) => round[one].perSecond / round[other].perSecond)
  const cpuUs = (name: keyof Measured) => of((round) => round[name].cpuUs)
  const byProcessor = (name: keyof Measured): Figure => ({
    what: `the same by processor time: ${name}`,
    unit: 'x',
    ...of((round) => round.baseline.cpuUs / round[name].cpuUs),
  })
  return [
    { what: 'B', unit: '/s', ...of((round) => round.baseline.perSecond) },
    {
      what: 'P1 cached, with a rate limit, against B',
      unit: 'x',
      must: { atLeast: 0.7 },
      goal: { atLeast: 0.9 },
      ...ratio('cached', 'baseline'),
    },
    {
      what: 'P2 cold SQLite, 100k keys, against B',
      unit: 'x',
      must: { atLeast: 0.45 },
      goal: { atLeast: 0.7 },
      ...ratio('cold', 'baseline'),
    },
    {
      what: 'P3 durable quota, against B',
      unit: 'x',
      must: { atLeast: 0.55 },
      goal: { atLeast: 0.8 },
      ...ratio('quota', 'baseline'),
    },
    {
      what: 'P14 product defaults, against all switched off',
      unit: 'x',
      must: { atLeast: 0.65 },
      goal: { atLeast: 0.85 },
      ...ratio('cached', 'withoutOptions'),
    },
    { what: 'processor time per request: B', unit: 'us', ...cpuUs('baseline') },
    byProcessor('cached'),
    byProcessor('cold'),
    byProcessor('quota'),
  ]
}

function toExactFigures({ kills, acknowledged, lost, oversold }: Exactness): Figure[] {
  const none = { unit: 'credits' as const, must: { atMost: 0 } }
  const of = (value: number) => spreadOf([value])
  return [
    {
      what: `acknowledged charges, across ${kills} x kill -9`,
      unit: 'credits',
      ...of(acknowledged),
    },
    { what: 'P3 acknowledged charges lost', ...none, ...of(lost) },
    { what: 'P3 oversold', ...none, ...of(oversold) },
  ]
}
