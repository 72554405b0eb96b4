import { redactKeys } from '@keysmith/key-format'
import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

export type Log = Logger

/** Where a header, a body or a secret would stand, if somebody logged an object that holds one. */
const REDACTED_PATHS = [
  'secret',
  '*.secret',
  'authorization',
  '*.authorization',
  '*.*.authorization',
  'pepper',
  '*.pepper',
]

/**
 * The log of the process. The last step before the output hides every key-shaped run of the finished
 * line: the second net behind code that hands no secret to the log.
 */
export function createLog(
  { logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>,
  output: { write(text: string): unknown; isTTY?: boolean } = process.stdout,
): Log {
  const asText = logFormat === 'text' || (logFormat === 'auto' && output.isTTY === true)
  const write = (line: string) => output.write(redactKeys(asText ? toText(line) : line))
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutBytes },
      redact: { paths: REDACTED_PATHS, censor: '****' },
    },
    { write },
  )
}

const MAX_DEPTH = 5

/** Bytes as their number: written out as an array of numbers, a secret would pass the last net. */
function withoutBytes(fields: Record<string, unknown>): Record<string, unknown> {
  const visit = (value: unknown, depth: number): unknown => {
    if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`
    if (typeof value !== 'object' || value === null || value instanceof Error) return value
    if (depth === MAX_DEPTH) return '<...>'
    if (Array.isArray(value)) return value.map((item) => visit(item, depth + 1))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, visit(item, depth + 1)]),
    )
  }
  return visit(fields, 0) as Record<string, unknown>
}

/** One readable line: time, level, message, then the fields. */
function toText(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line)
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${toPlain(value)}`)
  const stack = err?.stack ? `\n${err.stack}` : ''
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${msg ?? ''}${rest.join('')}${stack}\n`
}

function toPlain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
