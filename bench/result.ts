import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
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

/** Writes the result with its date and what it was measured on. */
export function keepResult(name: string, result: Result): void {
  const date = new Date().toISOString().slice(0, 10)
  const folder = join(import.meta.dirname, 'results')
  const [cpu] = cpus()
  const machine = {
    node: process.versions.node,
    cores: cpus().length,
    cpu: cpu?.model,
    pinned: isPinned(),
  }
  mkdirSync(folder, { recursive: true })
  const kept = { date, machine, versions: readVersions(), ...result }
  writeFileSync(join(folder, `${name}-${date}.json`), `${JSON.stringify(kept, rounded, 2)}\n`)
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
