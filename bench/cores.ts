import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The server alone on one core, the load on the other: only then is the server what is measured. */
const SERVER_CORE = '0'
const LOAD_CORE = '1'

let pinned: boolean | undefined

/** Whether `taskset` is there and there are cores to part. */
export function isPinned(): boolean {
  pinned ??= availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0
  return pinned
}

/** Moves this process, which makes the load, to its core. */
export function moveToLoadCore(): void {
  if (isPinned()) spawnSync('taskset', ['-acp', LOAD_CORE, `${process.pid}`])
}

/** The command that runs Node with these arguments on the core of the server. */
export function onServerCore(args: string[]): [file: string, args: string[]] {
  if (!isPinned()) return [process.execPath, args]
  return ['taskset', ['-c', SERVER_CORE, process.execPath, ...args]]
}
