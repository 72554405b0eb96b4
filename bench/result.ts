import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { isPinned } from './cores.ts'
import type { Spread } from './rounds.ts'

/** Digits after the point of each unit. */
const UNITS = { x: 2, us: 2, ms: 2, s: 2, '/s': 0, MiB: 1, bytes: 0, credits: 0 }

export type Bound = { atMost: number } | { atLeast: number }

export interface Figure extends Spread {
  what: string
  unit: keyof typeof UNITS
  /** What a release needs. A figure without one is for information. */
  must?: Bound
  /** Where we go. */
  goal?: Bound
}

export interface Result {
  /** What was done, in a sentence or two. */
  method: string
  rounds: number
  figures: Figure[]
}

/** `quick` is a look of about 20 s, `full` what may be quoted. */
export type Effort = 'quick' | 'full'

/** Shared machines repeat ratios to about this. */
const NOISE = 0.2
/** These do not come from a clock: they miss by nothing. */
const EXACT = new Set<Figure['unit']>(['bytes', 'credits'])

export function isMissed({ median, must, unit }: Figure): boolean {
  if (must === undefined) return false
  const noise = EXACT.has(unit) ? 0 : NOISE
  return 'atMost' in must ? median > must.atMost * (1 + noise) : median < must.atLeast * (1 - noise)
}

export function printResult(name: string, { method, rounds, figures }: Result): void {
  console.log(`${name}: ${method} ${rounds} rounds.\n`)
  for (const figure of figures) console.log(toLine(figure))
}

export function toLine(figure: Figure): string {
  const { what, unit, median, low, high, must, goal } = figure
  const [middle, ...range] = [median, low, high].map((value) => value.toFixed(UNITS[unit]))
  const spread = low === high ? '' : `(${range.join(' to ')})`
  const bounds = [
    must ? `must ${toText(must)}` : '',
    goal ? `goal ${toText(goal)}` : '',
    isMissed(figure) ? 'MISSED' : '',
  ].filter(Boolean)
  return [what.padEnd(48), `${middle} ${unit.padEnd(2)}`.padStart(11), spread.padEnd(20), ...bounds]
    .join('  ')
    .trimEnd()
}

function toText(bound: Bound): string {
  return 'atMost' in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`
}

/** What it is measured on. `busy` is the load average before the first round: above 0 others were at work. */
export interface Machine {
  node: string
  cores: number
  cpu: string | undefined
  pinned: boolean
  busy?: number
}

export function describeMachine(): Machine {
  const [cpu] = cpus()
  const [busy = Number.NaN] = loadavg()
  const { node } = process.versions
  return { node, cores: cpus().length, cpu: cpu?.model, pinned: isPinned(), busy }
}

/** Writes the result with its date and what it was measured on. */
export function keepResult(name: string, machine: Machine, result: Result): KeptResult {
  const date = new Date().toISOString().slice(0, 10)
  const file = `${name}-${date}.json`
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const kept = { date, machine, versions: readVersions(), ...result }
  const text = `${JSON.stringify(kept, rounded, 2)}\n`
  writeFileSync(join(folder, file), text)
  return { file, ...JSON.parse(text) }
}

/** A result as its file has it. */
export interface KeptResult extends Result {
  file: string
  machine: Machine
}

/** What took part, as installed. */
function readVersions(): Record<string, string> {
  const names = ['fastify', 'better-sqlite3', 'autocannon', '@keysmith/server']
  const version = (name: string): string =>
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../node_modules', name, 'package.json'), 'utf8'),
    ).version
  return Object.fromEntries(names.map((name) => [name, version(name)]))
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : value
}
