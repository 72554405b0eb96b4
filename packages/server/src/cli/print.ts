import { printable, printableLines } from './style.ts'

export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`)
}

/** JSON escapes no more than it must; what else would steer a terminal is escaped too, and means the same. */
export function toJson(value: unknown): string {
  return printableLines(JSON.stringify(value, null, 2))
}

/** One line, whatever is in it. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`)
}

/** Facts beside a secret: on standard error, so that a pipe carries the secret alone. */
export function tell(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}
