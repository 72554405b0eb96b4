import truncatedWidth from 'fast-string-truncated-width'
import { paint, printable, type Tone } from './style.ts'

export type Cell = string | { text: string; tone: Tone }

const GAP = '  '
const NARROWEST = 8

/**
 * Columns as wide as their widest cell, two spaces apart. On a terminal the widest columns are cut
 * until a row fits; the first column, by which people name things, and everything in a pipe stays
 * whole.
 */
export function printTable(rows: readonly Cell[][], header?: readonly string[]): void {
  const titles: Cell[] | undefined = header?.map((text) => ({ text, tone: 'title' }))
  const all = (titles ? [titles, ...rows] : rows).map((row) => row.map(readCell))
  const natural = (all[0] ?? []).map((_, column) => widestOf(all, column))
  // A terminal that does not know its width, such as a serial line, says 0.
  const { columns } = process.stdout
  const widths = process.stdout.isTTY && columns > 0 ? fitWidths(natural, columns) : natural
  for (const row of all) process.stdout.write(`${formatRow(row, widths)}\n`)
}

/** Facts below one another: a name, and its value beside it. What is null is left out. */
export function printFacts(facts: Readonly<Record<string, Cell | null>>): void {
  const known = Object.entries(facts).filter((fact): fact is [string, Cell] => fact[1] !== null)
  const width = Math.max(...known.map(([name]) => name.length))
  for (const [name, cell] of known) {
    const { text, tone } = readCell(cell)
    process.stdout.write(`${paint('dim', name.padEnd(width))}${GAP}${paint(tone, text)}\n`)
  }
}

/** A list as one cell. */
export function formatList(items: readonly string[], whenEmpty: string): string {
  return items.length === 0 ? whenEmpty : items.join(' ')
}

interface ReadCell {
  text: string
  tone: Tone | undefined
}

function readCell(cell: Cell): ReadCell {
  if (typeof cell === 'string') return { text: printable(cell), tone: undefined }
  return { text: printable(cell.text), tone: cell.tone }
}

/** Not `Math.max(...)`: a long list has more rows than a call can have arguments. */
function widestOf(rows: readonly ReadCell[][], column: number): number {
  return rows.reduce((widest, row) => Math.max(widest, widthOf(row[column]?.text ?? '')), 0)
}

/** Narrows the widest column, one character at a time. */
function fitWidths(natural: readonly number[], columns: number): number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - columns
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths.slice(1))
    if (widest <= NARROWEST) break
    widths[widths.lastIndexOf(widest)] = widest - 1
  }
  return widths
}

function formatRow(row: readonly ReadCell[], widths: readonly number[]): string {
  const cells = row.map(({ text, tone }, column) => {
    const width = widths[column] ?? 0
    const shown = truncate(text, width)
    const isLast = column === row.length - 1
    return paint(tone, shown) + (isLast ? '' : ' '.repeat(width - widthOf(shown)))
  })
  return cells.join(GAP)
}

function truncate(text: string, width: number): string {
  const { index, ellipsed } = truncatedWidth(text, { limit: width, ellipsis: '…' })
  return ellipsed ? `${text.slice(0, index)}…` : text.slice(0, index)
}

function widthOf(text: string): number {
  return truncatedWidth(text).width
}
