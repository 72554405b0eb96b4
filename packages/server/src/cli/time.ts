const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A time as its date and how far away it is on a terminal, and to the millisecond in a pipe. */
export function formatTime(time: string | null, whenNull: string): string {
  if (time === null) return whenNull
  return process.stdout.isTTY ? `${time.slice(0, 10)}, ${distanceTo(time)}` : time
}

/** The same for a column of a table: on a terminal only how far away it is. */
export function formatTimeShort(time: string | null, whenNull: string): string {
  if (time === null) return whenNull
  return process.stdout.isTTY ? distanceTo(time) : time
}

function distanceTo(time: string): string {
  const ms = Date.parse(time) - Date.now()
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  if (Math.abs(ms) >= DAY_MS) return words.format(Math.trunc(ms / DAY_MS), 'day')
  if (Math.abs(ms) >= HOUR_MS) return words.format(Math.trunc(ms / HOUR_MS), 'hour')
  return words.format(Math.trunc(ms / MINUTE_MS), 'minute')
}
