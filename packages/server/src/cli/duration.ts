import { InvalidArgumentError } from 'commander'

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads a span of time such as `90d`, `12h`, `30m` or `45s`, in milliseconds. */
export function readDuration(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  if (amount === undefined || unitMs === undefined) {
    throw new InvalidArgumentError('Give a whole number and s, m, h or d, such as 90d.')
  }
  return Number(amount) * unitMs
}

/** The same in seconds; `0` is no time at all. */
export function readSeconds(text: string): number {
  return text === '0' ? 0 : readDuration(text) / 1000
}

/** Reads a span of time in milliseconds, or `never`. */
export function readDurationOrNever(text: string): number | 'never' {
  return text === 'never' ? 'never' : readDuration(text)
}

/** The same of seconds, in the largest unit that fits: `7200` is `2h`. */
export function formatSpan(seconds: number): string {
  for (const unit of seconds > 0 ? ['d', 'h', 'm'] : ['h']) {
    const unitSeconds = (UNIT_MS[unit] ?? 0) / 1000
    if (seconds % unitSeconds === 0) return `${seconds / unitSeconds}${unit}`
  }
  return `${seconds}s`
}

/** Reads a span of time in seconds, or `none`. */
export function readSecondsOrNone(text: string): number | 'none' {
  return text === 'none' ? 'none' : readDuration(text) / 1000
}

/** The time this long from now, for the API. */
export function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
