import { onTestFinished, vi } from 'vitest'

/**
 * Records how long the client waits between attempts, and passes no time. `random` is what the jitter
 * is made of: 0 to 1. Timers of others, such as those of the platform's fetch, run as they are.
 */
export function recordWaits(random = 0.5): number[] {
  const waits: number[] = []
  const real = globalThis.setTimeout
  const timer = vi.spyOn(globalThis, 'setTimeout')
  timer.mockImplementation(((run: () => void, ms?: number, ...rest: []) => {
    const isWait = new Error().stack?.includes('/client/src/retry.ts')
    if (!isWait) return real(run, ms, ...rest)
    waits.push(ms ?? Number.NaN)
    return real(run, 0)
  }) as typeof setTimeout)
  const dice = vi.spyOn(Math, 'random').mockReturnValue(random)
  onTestFinished(() => {
    timer.mockRestore()
    dice.mockRestore()
  })
  return waits
}
