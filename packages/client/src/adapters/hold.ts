import { describeFailure } from './failure.ts'
import type { Amounts, KeyOptions, PresentedKey } from './options.ts'

export type ReadCost = () => Amounts | undefined | PromiseLike<Amounts | undefined>

/** What a request reserved. It ends once: what comes first counts. */
export interface Hold {
  /** Of the reservation, if there is one. */
  id: string | undefined
  /** For the handler. */
  methods: Pick<PresentedKey, 'settle' | 'release'>
  /** After the answer: a failure costs nothing, anything else what was used. */
  conclude(status: number, readCost: ReadCost | undefined): Promise<void>
}

/** Nothing here rejects: a failure is logged, and the reservation ends by itself in time. */
export function createHold(
  { client: { reservations }, logger }: Pick<KeyOptions, 'client' | 'logger'>,
  id: string | undefined,
): Hold {
  let ended: Promise<void> | undefined
  const warn = (error: unknown): undefined => {
    logger?.warn(describeFailure(error), 'a reservation could not be settled')
  }

  const end = (work: (id: string) => Promise<unknown>) => {
    const nothing = () => Promise.reject(new TypeError('Nothing was reserved'))
    ended ??= (id ? work(id) : nothing()).then(() => {}, warn).catch(() => {})
    return ended
  }
  const settle = (readCost: ReadCost) =>
    end(async (reservation) => {
      const cost = await (async () => readCost())().catch(warn)
      await reservations.settle(reservation, cost ?? {}).catch((error) => {
        // What is no cost must not make the request free.
        if (Object(error).status !== 400) throw error
        warn(error)
        return reservations.settle(reservation, {})
      })
    })
  const release = () => end((reservation) => reservations.release(reservation))

  return {
    id,
    methods: {
      settle: (cost) => {
        // One that comes too late is not read.
        Promise.resolve(cost).catch(() => {})
        return settle(() => cost)
      },
      release,
    },
    conclude: (status, readCost = () => undefined) =>
      status >= 400 ? release() : settle(readCost),
  }
}
