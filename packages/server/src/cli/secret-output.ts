import { closeSync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { EXIT, StartRefused } from '../exit.ts'
import { tell } from './print.ts'

export interface SecretOutput {
  /** Writes a text with a secret in it. `owner` says in an error what the lost secret belongs to. */
  deliver(text: string, owner: string): void
  /** There is no secret after all: leaves no empty file behind. */
  discard(): void
}

const STDOUT = 1
/** More than a secret needs: written before there is one, so that a full disk is noticed in time. */
const RESERVED = ' '.repeat(4096)

/**
 * Hands over a secret: alone on standard output, or in a new file that only its owner may read. An
 * existing file is not overwritten. Open it before anything is created.
 */
export function openSecretOutput(file: string | undefined): SecretOutput {
  if (file === undefined) {
    return { deliver: (text, owner) => deliver(STDOUT, text, owner), discard: () => {} }
  }
  const handle = openNewFile(file)
  const remove = () => {
    closeSync(handle)
    rmSync(file)
  }
  const unwatch = beforeSignals(remove)
  const discard = () => {
    unwatch()
    remove()
  }
  try {
    writeSync(handle, RESERVED, 0)
    fsyncSync(handle)
  } catch (error) {
    discard()
    throw notWritable(file, error)
  }
  return {
    discard,
    deliver: (text, owner) => {
      unwatch()
      deliver(handle, text, owner, 0)
      ftruncateSync(handle, Buffer.byteLength(text) + 1)
      closeSync(handle)
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Does this when the command is interrupted, which ends as it would have; gives what calls it off. */
function beforeSignals(clean: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    unwatch()
    clean()
    tell('keysmith: interrupted. What was asked for may have been made: look before you repeat it.')
    process.kill(process.pid, signal)
  }
  const unwatch = () => {
    for (const signal of SIGNALS) process.off(signal, end)
  }
  for (const signal of SIGNALS) process.on(signal, end)
  return unwatch
}

/** Opens a file that does not exist yet, for its owner only. */
export function openNewFile(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    throw notWritable(file, error)
  }
}

function notWritable(file: string, error: unknown): StartRefused {
  const { code } = error as NodeJS.ErrnoException
  const reason = code === 'EEXIST' ? 'exists already; name a new file' : 'cannot be written'
  return new StartRefused(EXIT.failed, `${file} ${reason}. Nothing was created.`, { cause: error })
}

/** Writes at once, so that a reader that has gone is noticed: the secret would be lost in silence. */
function deliver(
  handle: number,
  text: string,
  owner: string,
  position: number | null = null,
): void {
  try {
    writeSync(handle, `${text}\n`, position)
  } catch (error) {
    throw new StartRefused(
      EXIT.failed,
      `The secret of ${owner} could not be written, and it cannot be shown again. Revoke what was created, then create it anew.`,
      { cause: error },
    )
  }
}
