/** Exit codes of the `keysmith` command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  settings: 3,
  storage: 4,
  migration: 5,
  notFound: 6,
  checkFailed: 7,
} as const

/** The process cannot start or the command cannot go on: one sentence with cause and fix. */
export class StartRefused extends Error {
  override name = 'StartRefused'
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.exitCode = exitCode
  }
}
