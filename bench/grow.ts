import { ConflictError, createClient } from '@keysmith/client'
import { loadFor, type Throughput } from './load.ts'
import { verifyTarget } from './questions.ts'
import type { Effort, Result } from './result.ts'
import { interleave, spreadOf } from './rounds.ts'
import { seededFolder, seededQuestions } from './seed.ts'
import { type Service, startService } from './service.ts'

const FEW = 1000
const MANY = 1_000_000
/** More than are asked for within a round, and less than would take long to prepare. */
const ASKED_OF_MANY = 100_000
const CACHED_KEYS = 64
const DROP_EVERY_MS = 10
const EFFORT = { quick: { rounds: 9, seconds: 0.4 }, full: { rounds: 15, seconds: 2 } }

/** The service with a million keys against the same with a thousand (P4). */
export async function measureGrow(effort: Effort): Promise<Result> {
  const few = await startService({ folder: await seededFolder(FEW) })
  const many = await startService({ folder: await seededFolder(MANY) })
  try {
    return await measure(effort, few, many)
  } finally {
    for (const service of [few, many]) await service.stop()
  }
}

async function measure(effort: Effort, few: Service, many: Service): Promise<Result> {
  const { rounds, seconds } = EFFORT[effort]
  const cached = (service: Service) => {
    const target = verifyTarget(service, seededQuestions(CACHED_KEYS))
    return () => loadFor(seconds, target)
  }
  const cold = (service: Service, keys: number) => {
    const target = verifyTarget(service, seededQuestions(keys))
    return () => withoutCache(service, keys, () => loadFor(seconds, target))
  }
  const variants = {
    fewCached: cached(few),
    manyCached: cached(many),
    fewCold: cold(few, FEW),
    manyCold: cold(many, ASKED_OF_MANY),
  }
  await interleave(1, variants)
  const measured = await interleave(rounds, variants)
  const of = (take: (round: (typeof measured)[number]) => number) => spreadOf(measured.map(take))
  return {
    method: `As fast as 64 connections get answers, ${seconds} s each. Cold: a thousand keys would all be remembered, so in both services the project is changed every ${DROP_EVERY_MS} ms, which drops every row.`,
    rounds,
    figures: [
      { what: '1k keys, cached', unit: '/s', ...of(({ fewCached }) => fewCached.perSecond) },
      { what: '1k keys, cold', unit: '/s', ...of(({ fewCold }) => fewCold.perSecond) },
      {
        what: 'P4 cached, 1M keys against 1k',
        unit: 'x',
        must: { atLeast: 0.9 },
        goal: { atLeast: 0.97 },
        ...of(({ manyCached, fewCached }) => manyCached.perSecond / fewCached.perSecond),
      },
      {
        what: 'P4 cold, 1M keys against 1k',
        unit: 'x',
        must: { atLeast: 0.7 },
        goal: { atLeast: 0.85 },
        ...of(({ manyCold, fewCold }) => manyCold.perSecond / fewCold.perSecond),
      },
      {
        what: 'the same by processor time',
        unit: 'x',
        ...of(({ manyCold, fewCold }) => fewCold.cpuUs / manyCold.cpuUs),
      },
    ],
  }
}

/** Runs a load while every remembered row is dropped again and again, before any of the keys comes twice. */
async function withoutCache(
  service: Service,
  keys: number,
  load: () => Promise<Throughput>,
): Promise<Throughput> {
  const { projects } = createClient(service)
  const [project] = (await projects.list({ name: 'default' })).items
  if (!project) throw new Error('the default project is missing')
  let drops = 0
  const drop = () =>
    projects.update(project.id, { description: `change ${performance.now()}` }).then(
      () => {
        drops += 1
      },
      // The one before was not finished: it drops the rows as well.
      (error) => {
        if (!(error instanceof ConflictError)) throw error
      },
    )
  const pending: Promise<void>[] = []
  const timer = setInterval(() => {
    pending.push(drop())
  }, DROP_EVERY_MS)
  const throughput = await load().finally(() => clearInterval(timer))
  await Promise.all(pending)
  if (throughput.requests / drops > keys / 2) {
    throw new Error(`${throughput.requests} requests with ${drops} drops: rows were remembered`)
  }
  return throughput
}
