const FIRST_AFTER_MS = 400
const EVERY_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

export interface Progress {
  /** Shows how far the work is, if it has taken a while. */
  show(text: string): void
  /** Removes the line. */
  end(): void
}

/** One line on standard error that changes while long work goes on; nothing without a terminal. */
export function startProgress(): Progress {
  let nextAt = performance.now() + FIRST_AFTER_MS
  let isShown = false
  return {
    show: (text) => {
      if (!process.stderr.isTTY || performance.now() < nextAt) return
      process.stderr.write(`${CLEAR_LINE}${text}`)
      nextAt = performance.now() + EVERY_MS
      isShown = true
    },
    end: () => {
      if (isShown) process.stderr.write(CLEAR_LINE)
    },
  }
}
