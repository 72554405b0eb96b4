export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Facts beside a secret: on standard error, so that a pipe carries the secret alone. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
