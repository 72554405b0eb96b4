import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Besides the pinned Node: the oldest that the packages promise, and the long-term support in between. */
export const OLDER_NODES = ['22.18.0', '24.21.0']

/** Path of this version of Node, which comes from the npm package `node` and is kept for the next time. */
export function installNode(version: string, cache: string): string {
  const folder = join(cache, `node-${version}`)
  const binary = join(folder, 'node_modules/node/bin/node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'pipe' })
  return binary
}
