import pLimit from 'p-limit'
import { ApiError } from '../errors.ts'

/** Lets a bounded number of slow tasks run, lets a bounded number wait, and refuses the rest at once. */
export class Gate {
  readonly #limit: ReturnType<typeof pLimit>
  readonly #maxTasks: number

  constructor({ running, waiting }: { running: number; waiting: number }) {
    this.#limit = pLimit(running)
    this.#maxTasks = running + waiting
  }

  /** Rejects with `overloaded` when too many wait. A task must not enter its own gate again. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#limit.activeCount + this.#limit.pendingCount >= this.#maxTasks) {
      throw new ApiError('overloaded', {
        detail: 'Too many slow requests are waiting. Nothing was decided or changed.',
        retryAfterSeconds: 1,
      })
    }
    return this.#limit(task)
  }
}
