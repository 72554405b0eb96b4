import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Spread } from './rounds.ts'

export interface Figure extends Spread {
  what: string
  unit: 'x' | 'us' | 'ms'
  /** An upper bound. A figure without one is for information. */
  must?: number
}

export interface Result {
  /** What was done, in a sentence or two. */
  method: string
  rounds: number
  figures: Figure[]
}

/** Shared machines repeat ratios to about this. */
const NOISE = 1.2

export function isMissed({ median, must }: Figure): boolean {
  return must !== undefined && median > must * NOISE
}

export function printResult(name: string, { method, rounds, figures }: Result): void {
  console.log(`${name}: ${method} ${rounds} rounds.\n`)
  for (const figure of figures) console.log(toLine(figure))
}

export function toLine(figure: Figure): string {
  const { what, unit, median, low, high, must } = figure
  const [middle, ...range] = [median, low, high].map((value) => value.toFixed(2))
  const verdict = must === undefined ? '' : `  must <= ${must}${isMissed(figure) ? '  MISSED' : ''}`
  return `${what.padEnd(44)} ${`${middle} ${unit}`.padStart(11)}  (${range.join(' to ')})${verdict}`
}

/** Writes the result with its date and what it was measured on. */
export function keepResult(name: string, result: Result): void {
  const date = new Date().toISOString().slice(0, 10)
  const folder = join(import.meta.dirname, 'results')
  const [cpu] = cpus()
  const machine = { node: process.versions.node, cores: cpus().length, cpu: cpu?.model }
  mkdirSync(folder, { recursive: true })
  const text = `${JSON.stringify({ date, machine, ...result }, rounded, 2)}\n`
  writeFileSync(join(folder, `${name}-${date}.json`), text)
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
