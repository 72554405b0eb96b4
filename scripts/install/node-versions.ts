import { installBinary } from './npm-binary.ts'

/** Besides the pinned Node: the oldest that the packages promise, and the long-term support in between. */
export const OLDER_NODES = ['22.18.0', '24.21.0']

/** Path of this version of Node, whose package fetches it with its install script. */
export function installNode(version: string, cache: string): string {
  return installBinary({ name: 'node', version, path: 'bin/node', hasScript: true }, cache)
}
