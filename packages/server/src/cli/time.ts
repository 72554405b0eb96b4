const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A time as its date and how far away it is on a terminal, and to the millisecond in a pipe. */
export function formatTime(time: string | null, whenNull: string): string {
  if (time === null) return whenNull
  if (!process.stdout.isTTY) return time
  return `${time.slice(0, 10)}, ${formatDistance(Date.parse(time) - Date.now())}`
}

function formatDistance(ms: number): string {
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  if (Math.abs(ms) >= DAY_MS) return words.format(Math.trunc(ms / DAY_MS), 'day')
  if (Math.abs(ms) >= HOUR_MS) return words.format(Math.trunc(ms / HOUR_MS), 'hour')
  return words.format(Math.trunc(ms / MINUTE_MS), 'minute')
}
