import type { Client, ImportKey, ImportReport } from '@keysmith/client'
import { counted } from '../counted.ts'
import { tell } from '../print.ts'
import { withProgress } from '../progress.ts'
import type { Converted } from './convert.ts'
import { GUESSABLE_BELOW_BITS } from './strings.ts'

export interface Target {
  project?: string
  entropyBits?: number
}

export type ReportLine = ImportReport['lines'][number]

const LINES_MAX = 1000
/** Slow digests take 20 ms each. */
const SLOW_LINES_MAX = 100
const CHUNK_BYTES_MAX = 3_000_000
/** Ten times what a chunk takes: a service that hangs is given up in minutes, the attempts together. */
const CHUNK_TIMEOUT_MS = 30_000

/** Sends the lines in chunks and gives what became of each, in their order. */
export async function sendLines(
  client: Client,
  lines: AsyncIterable<Converted>,
  target: Target,
): Promise<ReportLine[]> {
  const isFast = (target.entropyBits ?? 0) >= GUESSABLE_BELOW_BITS
  const report: ReportLine[] = []
  try {
    await withProgress(async ({ show }) => {
      for await (const chunk of chunksOf(lines, isFast ? LINES_MAX : SLOW_LINES_MAX)) {
        report.push(...(await sendChunk(client, chunk, target)))
        show(`${counted(report.length, 'line')} done`)
      }
    })
  } catch (error) {
    if (report.length > 0) {
      const done = `Done before this: ${counted(report.length, 'line')}.`
      tell(`${done} Repeat the import: what is there is not made twice.`)
    }
    throw error
  }
  return report
}

/** Lines that cannot be sent are in the report with the others. */
async function sendChunk(
  client: Client,
  chunk: readonly Converted[],
  target: Target,
): Promise<ReportLine[]> {
  const sent = chunk.filter((line) => 'body' in line)
  const bodies: ImportKey[] = sent.map(({ body }) => body)
  const options = { timeoutMs: CHUNK_TIMEOUT_MS }
  const answer = sent.length > 0 ? await client.keys.import(bodies, target, options) : { lines: [] }
  const outcomes = answer.lines.map((outcome) => ({
    ...outcome,
    line: sent[outcome.line - 1]?.line ?? outcome.line,
  }))
  return [...outcomes, ...chunk.flatMap(refusalOf)].sort((a, b) => a.line - b.line)
}

/** A line that was refused before anything was sent. */
export function refusalOf(converted: Converted): ReportLine[] {
  if (!('refused' in converted)) return []
  const { line, refused: detail } = converted
  return [{ line, outcome: 'refused', code: 'unreadable', detail }]
}

async function* chunksOf(
  lines: AsyncIterable<Converted>,
  linesMax: number,
): AsyncGenerator<Converted[]> {
  let chunk: Converted[] = []
  let bytes = 0
  for await (const line of lines) {
    const size = 'body' in line ? Buffer.byteLength(JSON.stringify(line.body)) : 0
    if (chunk.length === linesMax || bytes + size > CHUNK_BYTES_MAX) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(line)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}
