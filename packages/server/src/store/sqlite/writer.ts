import { Worker } from 'node:worker_threads'
import { StartRefused } from '../../exit.ts'
import { StorageUnavailable } from '../key-store.ts'
import type {
  BatchResult,
  WriteArguments,
  WriteBatch,
  WriteName,
  WriteResult,
  WriterMessage,
} from './write-job.ts'

/** Jobs of one transaction at most. */
const MAX_BATCH = 256
/** Beyond this the service is overloaded and says so at once. */
const MAX_QUEUE = 10_000

interface Waiting {
  name: WriteName
  args: unknown[]
  settle: (outcome: unknown) => void
  fail: (message: string) => void
}

/**
 * The main thread's side of the writer thread. Jobs that arrive while a batch is being written wait
 * and form the next one: a fsync is shared by all of them and never blocks the event loop.
 */
export class Writer {
  readonly #worker: Worker
  readonly #queue: Waiting[] = []
  #running: Waiting[] = []
  #failure: string | null = null
  #idle: (() => void) | null = null

  static async open(path: string, onFatal: (message: string) => void): Promise<Writer> {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), {
      workerData: { path },
      // Its jobs leave no more than a few lists behind.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (message: WriterMessage) => {
        worker.off('error', reject)
        if (message.type === 'refused') {
          reject(new StartRefused(message.exitCode, message.message))
        } else resolve()
      })
    })
    return new Writer(worker, onFatal)
  }

  private constructor(worker: Worker, onFatal: (message: string) => void) {
    this.#worker = worker
    const fail = (message: string) => {
      if (this.#failure !== null) return
      this.#failure = message
      this.#rejectAll(message)
      onFatal(message)
    }
    worker.on('message', (message: WriterMessage) => {
      if (message.type === 'batch') this.#finish(message.result)
      if (message.type === 'fatal') fail(message.message)
    })
    worker.on('error', (error: Error) => fail(error.message))
    worker.on('exit', () => fail('the writer thread ended'))
  }

  /** Resolves after the commit; `onCommit` runs first, in the same turn. */
  write<Name extends WriteName>(
    name: Name,
    args: WriteArguments<Name>,
    onCommit?: (outcome: WriteResult<Name>) => void,
  ): Promise<WriteResult<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null || this.#queue.length >= MAX_QUEUE) {
        reject(new StorageUnavailable(this.#failure ?? 'too many writes are waiting'))
        return
      }
      const settle = (result: unknown) => {
        const outcome = result as WriteResult<Name>
        onCommit?.(outcome)
        resolve(outcome)
      }
      const fail = (message: string) => reject(new StorageUnavailable(message))
      this.#queue.push({ name, args, settle, fail })
      // At the end of the turn: what is queued in one turn shares a commit.
      if (this.#running.length === 0 && this.#queue.length === 1) {
        queueMicrotask(() => this.#startBatch())
      }
    })
  }

  /** Waits for what is queued, then ends the thread. */
  async close(): Promise<void> {
    if (this.#running.length > 0 || this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    if (this.#failure !== null) {
      await this.#worker.terminate()
      return
    }
    this.#failure = 'the storage is closed'
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.postMessage('close')
    await ended
  }

  #startBatch(): void {
    this.#running = this.#queue.splice(0, MAX_BATCH)
    if (this.#running.length > 0) {
      const batch: WriteBatch = {
        names: this.#running.map(({ name }) => name),
        args: this.#running.map(({ args }) => args),
      }
      this.#worker.postMessage(batch)
    } else this.#idle?.()
  }

  #finish({ outcomes, failures }: BatchResult): void {
    const done = this.#running
    this.#startBatch()
    const messages = new Map(failures.map(({ index, message }) => [index, message]))
    for (const [index, waiting] of done.entries()) {
      const message = messages.get(index)
      if (message === undefined) waiting.settle(outcomes[index])
      else waiting.fail(message)
    }
  }

  #rejectAll(message: string): void {
    const lost = [...this.#running, ...this.#queue.splice(0)]
    this.#running = []
    for (const waiting of lost) waiting.fail(message)
    this.#idle?.()
  }
}
