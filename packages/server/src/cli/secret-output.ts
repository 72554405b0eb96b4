import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { EXIT, StartRefused } from '../exit.ts'

export interface SecretOutput {
  deliver(secret: string): void
  /** There is no secret after all: leaves no empty file behind. */
  discard(): void
}

/**
 * Hands over a secret: alone on standard output, or in a new file that only its owner may read. An
 * existing file is not overwritten. Open it before anything is created.
 */
export function openSecretOutput(file: string | undefined): SecretOutput {
  if (file === undefined) return { deliver: writeToStdout, discard: () => {} }
  const handle = openNewFile(file)
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

/** Opens a file that does not exist yet, for its owner only. */
export function openNewFile(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'EEXIST' ? 'exists already; name a new file' : 'cannot be written'
    throw new StartRefused(EXIT.failed, `${file} ${reason}. Nothing was created.`, { cause: error })
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
