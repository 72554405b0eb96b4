import { counted } from '../counted.ts'
import { tell } from '../print.ts'
import type { Converted } from './convert.ts'
import { GUESSABLE_BELOW_BITS } from './strings.ts'

const LINES_NAMED = 10

/** What whoever imports should know of the lines that were good. */
export class Remarks {
  readonly #limits = new Set<string>()
  readonly #weak: number[] = []
  #limited = 0

  async *watch(lines: AsyncIterable<Converted>): AsyncGenerator<Converted> {
    for await (const converted of lines) {
      if ('body' in converted) this.#note(converted)
      yield converted
    }
  }

  warn(): void {
    if (this.#limited > 0) {
      const names = [...this.#limits].join(', ')
      tell(
        `keysmith: warning: limits are not taken over (${names}): ${counted(this.#limited, 'line')}.`,
      )
    }
    if (this.#weak.length > 0) {
      const lines = this.#weak.slice(0, LINES_NAMED).join(', ')
      const more = this.#weak.length > LINES_NAMED ? ' and more' : ''
      tell(
        `keysmith: warning: fewer than ${GUESSABLE_BELOW_BITS} random bits, so they can be guessed; rotate these keys: line ${lines}${more}.`,
      )
    }
  }

  #note({ line, dropped, isWeak }: Extract<Converted, { body: unknown }>): void {
    for (const limit of dropped) this.#limits.add(limit)
    if (dropped.length > 0) this.#limited += 1
    if (isWeak) this.#weak.push(line)
  }
}
