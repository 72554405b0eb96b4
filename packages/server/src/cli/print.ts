export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`)
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Facts beside a secret: on standard error, so that a pipe carries the secret alone. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
