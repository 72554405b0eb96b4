import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { EXIT, StartRefused } from '../exit.ts'

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Columns as wide as their widest cell, two spaces apart. */
export function printTable(rows: string[][]): void {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
  }
}

/** Facts beside a secret: on standard error, so that a pipe carries the secret alone. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

export interface SecretOutput {
  deliver(secret: string): void
  /** There is no secret after all: leaves no empty file behind. */
  discard(): void
}

/**
 * Hands over a secret: alone on standard output, or in a new file that only its owner may read. An
 * existing file is not overwritten.
 */
export function openSecretOutput(file: string | undefined): SecretOutput {
  if (file === undefined) {
    return { deliver: writeToStdout, discard: () => {} }
  }
  let handle: number
  try {
    handle = openSync(file, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'EEXIST' ? 'exists already; name a new file' : 'cannot be written'
    throw new StartRefused(EXIT.failed, `${file} ${reason}. Nothing was created.`, { cause: error })
  }
  return {
    deliver: (secret) => {
      writeSync(handle, `${secret}\n`)
      closeSync(handle)
    },
    discard: () => {
      closeSync(handle)
      rmSync(file)
    },
  }
}

const STDOUT = 1

/** Writes at once, so that a reader that has gone is noticed: the secret would be lost in silence. */
function writeToStdout(secret: string): void {
  try {
    writeSync(STDOUT, `${secret}\n`)
  } catch (error) {
    throw new StartRefused(
      EXIT.failed,
      'The secret could not be written, and it cannot be shown again. Revoke what was created, then create it anew.',
      { cause: error },
    )
  }
}
