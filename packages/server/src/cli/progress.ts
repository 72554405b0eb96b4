const FIRST_AFTER_MS = 400
const EVERY_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

export interface Progress {
  /** Says how far the work is, if it has taken a while. */
  show(text: string): void
  /** Makes room for another line. */
  hide(): void
}

/** Where progress is shown, and the clock that says when. */
interface Screen {
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
  now: () => number
}

/** One line on standard error that changes while long work goes on; nothing without a terminal. */
export async function withProgress<Result>(
  work: (progress: Progress) => Promise<Result>,
  { stream, now }: Screen = { stream: process.stderr, now: () => performance.now() },
): Promise<Result> {
  let nextAt = now() + FIRST_AFTER_MS
  let isShown = false
  const hide = () => {
    if (isShown) stream.write(CLEAR_LINE)
    isShown = false
  }
  const show = (text: string) => {
    if (!stream.isTTY || now() < nextAt) return
    stream.write(`${CLEAR_LINE}${text}`)
    nextAt = now() + EVERY_MS
    isShown = true
  }
  return work({ show, hide }).finally(hide)
}
