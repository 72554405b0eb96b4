/**
 * Where the service spends its time under a load: the functions with the most time of their own in each thread, the main thread first.
 *
 *   node bench/profile.ts cached|cold|quota
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { moveToLoadCore } from './cores.ts'
import { loadFor } from './load.ts'
import { createColdLoad, newQuestion, verifyTarget } from './questions.ts'
import { seededFolder } from './seed.ts'
import { type Service, startService } from './service.ts'

const KEYS = 100_000
const SECONDS = 6
const SHOWN = 15

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const LOADS: Record<string, (service: Service) => Promise<unknown>> = {
  cached: async (service) => {
    const question = await newQuestion(service, {
      rateLimits: { requests: { limit: 10_000_000, windowSeconds: 60 } },
    })
    await loadFor(SECONDS, verifyTarget(service, [question]))
  },
  cold: (service) => createColdLoad(service, { keys: KEYS, seconds: SECONDS })(),
  quota: async (service) => {
    const quotas = { credits: { limit: 1_000_000_000, period: 'none' as const } }
    const question = await newQuestion(service, { quotas, cost: 1 })
    await loadFor(SECONDS, verifyTarget(service, [question]))
  },
}

const load = LOADS[process.argv[2] ?? '']
if (load === undefined) {
  console.error(`Usage: node bench/profile.ts ${Object.keys(LOADS).join('|')}`)
  process.exit(2)
}
moveToLoadCore()
const folder = mkdtempSync(join(tmpdir(), 'keysmith-bench-profile-'))
const service = await startService({
  folder: await seededFolder(KEYS),
  nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
})
await load(service)
await service.stop()
for (const file of readdirSync(folder).sort()) {
  printTop(JSON.parse(readFileSync(join(folder, file), 'utf8')))
}
rmSync(folder, { recursive: true })

/** One line per function: its share of the time in which anything ran. */
function printTop({ nodes, samples, timeDeltas }: Profile): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? ''
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  times.delete('(idle)')
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  console.log(`${(total / 1e6).toFixed(2)} s busy in this thread`)
  for (const [name, time] of top) {
    console.log(`  ${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
  }
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  return url === '' ? functionName : `${functionName} ${basename(url)}:${lineNumber + 1}`
}
